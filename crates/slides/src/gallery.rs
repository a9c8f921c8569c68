//! A page with all figures, which needs no other file.

use gmm_figures::{Exhibit, data_uri, decimal};

use crate::peers::Peers;
use crate::registry::Slide;

const STYLE: &str = "\
body{font:16px/1.5 'DejaVu Sans',system-ui,sans-serif;color:#222;background:#f6f6f4;margin:0 auto;max-width:1180px;padding:2rem 1.5rem}
h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.2rem;margin:3rem 0 1rem;border-bottom:1px solid #ccc;padding-bottom:.3rem}
h2 b{color:#888;font-weight:normal;margin-right:.6rem}
nav{margin:1rem 0;line-height:2}nav a{margin-right:.9rem;color:#0072b2;text-decoration:none;white-space:nowrap}
figure{margin:0 0 2rem;background:#fff;border:1px solid #ddd;border-radius:6px;padding:1rem}
figure img{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{margin:1rem 0 .5rem}table{border-collapse:collapse;font-size:.9rem}
td,th{padding:.15rem 1.2rem .15rem 0;text-align:right;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}th{font-weight:normal;color:#666}";

/// A slide with its figures and their files' media type and bytes.
pub(crate) struct Shown<'a> {
    pub(crate) slide: &'a Slide,
    pub(crate) exhibits: &'a [(Exhibit, Vec<u8>)],
}

/// The page.
pub(crate) fn page(shown: &[Shown<'_>], peers: &Peers, media_type: &str) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Gaussian mixtures, slide by slide</title>\n\
         <style>{STYLE}</style>\n<h1>Gaussian mixtures, slide by slide</h1>\n\
         <p>Every figure of the slides, on the same numbers, with what scikit-learn 1.9.1 makes of them beside it: with \
         its defaults, as on the slides, that is from one start and stopped when a step gains less than 0.001. \
         Log-likelihoods are in nats per row.</p>\n<nav>"
    );
    for Shown { slide, .. } in shown {
        let (number, title) = (slide.number, escaped(slide.title));
        html.push_str(&format!("<a href=\"#s{number}\">{number} {title}</a> "));
    }
    html.push_str("</nav>\n");
    for Shown { slide, exhibits } in shown {
        let (number, title) = (slide.number, escaped(slide.title));
        html.push_str(&format!(
            "<h2 id=\"s{number}\"><b>{number}</b>{title}</h2>\n"
        ));
        for (exhibit, file) in *exhibits {
            let caption = escaped(&exhibit.caption);
            let name = exhibit.name;
            let picture = data_uri(media_type, file);
            html.push_str(&format!(
                "<figure><img alt=\"{title}: {name}\" src=\"{picture}\">\n<figcaption>{caption}</figcaption>\n{}</figure>\n",
                table(exhibit, peers)
            ));
        }
    }
    html.push_str("</html>\n");
    html
}

fn table(exhibit: &Exhibit, peers: &Peers) -> String {
    let of_peers = |name: &str| peers.value(exhibit.slide, name);
    let has_peer = exhibit
        .facts
        .iter()
        .any(|fact| of_peers(&fact.name).is_some());
    let mut rows = format!(
        "<table><tr><th></th><th>here</th>{}</tr>\n",
        if has_peer {
            "<th>scikit-learn</th>"
        } else {
            ""
        }
    );
    for fact in &exhibit.facts {
        let number = |value: f64| decimal(value, fact.decimals).replace('-', "−");
        let peer = of_peers(&fact.name).map_or_else(String::new, number);
        let peer = if has_peer {
            format!("<td>{peer}</td>")
        } else {
            peer
        };
        rows.push_str(&format!(
            "<tr><td>{}</td><td>{}</td>{peer}</tr>\n",
            escaped(&fact.name),
            number(fact.value),
        ));
    }
    rows + "</table>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::SLIDES;
    use gmm_figures::{Fact, Sheet};

    #[test]
    fn the_page_holds_its_pictures_and_the_peers_numbers() {
        let exhibit = Exhibit {
            slide: 1,
            name: "x",
            caption: String::from("a < b"),
            facts: vec![Fact::new("mean log-likelihood", -2.5, 3)],
            sheet: Sheet::new(1, 1),
        };
        let shown = Shown {
            slide: &SLIDES[0],
            exhibits: &[(exhibit, vec![1, 2, 3])],
        };
        let html = page(&[shown], &Peers::read().unwrap(), "image/png");
        for wanted in [
            "data:image/png;base64,AQID",
            "a &lt; b",
            "−2.500",
            "−2.240",
            "id=\"s1\"",
        ] {
            assert!(html.contains(wanted), "{wanted} in {html}");
        }
        assert!(!html.contains("http"), "nothing from elsewhere");
    }
}
