//! Label images: one number per pixel that is also a colour.

use crate::palette::Color;
use crate::sheet::FigureError;

/// A PNG whose pixels are labels: pixel values are indices into `palette`, so that programs read numbers and
/// people see colours.
///
/// # Errors
/// [`FigureError::Encoding`] for more than 256 colours, a label beyond the palette, or sizes that disagree.
pub fn encode_indexed(
    width: u32,
    height: u32,
    labels: &[u8],
    palette: &[Color],
) -> Result<Vec<u8>, FigureError> {
    let refused = |why: &str| FigureError::Encoding(String::from(why));
    if labels.len() as u64 != u64::from(width) * u64::from(height) {
        return Err(refused("there are not as many labels as pixels"));
    }
    if palette.len() > 256 || labels.iter().any(|&l| usize::from(l) >= palette.len()) {
        return Err(refused("a label has no colour"));
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(
        palette
            .iter()
            .flat_map(|c| [c.0, c.1, c.2])
            .collect::<Vec<u8>>(),
    );
    let encoding = |e: png::EncodingError| FigureError::Encoding(e.to_string());
    let mut writer = encoder.write_header().map_err(encoding)?;
    writer.write_image_data(labels).map_err(encoding)?;
    writer.finish().map_err(encoding)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_back_as_numbers_and_as_colours() {
        let palette = [Color(10, 20, 30), Color(200, 210, 220)];
        let file = encode_indexed(3, 1, &[0, 1, 0], &palette).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [0, 1, 0]);
        let seen = image::load_from_memory(&file).unwrap().to_rgb8();
        assert_eq!(seen.get_pixel(1, 0).0, [200, 210, 220]);
        assert!(encode_indexed(1, 1, &[2], &palette).is_err());
        assert!(encode_indexed(2, 2, &[0], &palette).is_err());
    }
}
