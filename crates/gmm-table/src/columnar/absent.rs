//! What is said of Parquet where it was not built in.

use std::convert::Infallible;
use std::fs::File;

use ndarray::ArrayView2;

use crate::block::{Block, Texts};
use crate::error::TableError;
use crate::kind::Type;
use crate::wanted::{Columns, Kind};

/// A Parquet file, which there is not.
pub(crate) struct Parquet(Infallible);

/// Its rows.
pub(crate) struct ParquetBlocks(Infallible);

/// A Parquet file that is written.
pub(crate) struct ParquetWriter(Infallible);

impl Parquet {
    pub(crate) fn of_file(_: File) -> Result<Self, TableError> {
        Err(TableError::NoParquet)
    }

    pub(crate) fn of_bytes(_: Vec<u8>) -> Result<Self, TableError> {
        Err(TableError::NoParquet)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        match self.0 {}
    }

    pub(crate) fn kinds(&self) -> Vec<Kind> {
        match self.0 {}
    }

    pub(crate) fn blocks(self, _: Columns) -> Result<ParquetBlocks, TableError> {
        match self.0 {}
    }
}

impl ParquetBlocks {
    pub(crate) fn share_read(&self) -> f64 {
        match self.0 {}
    }

    pub(crate) fn next(&mut self) -> Option<Result<Block, TableError>> {
        match self.0 {}
    }
}

impl ParquetWriter {
    pub(crate) fn new(_: &[(String, Type)]) -> Result<Self, TableError> {
        Err(TableError::NoParquet)
    }

    pub(crate) fn write(
        &mut self,
        _: ArrayView2<'_, f64>,
        _: &[Texts],
    ) -> Result<Vec<u8>, TableError> {
        match self.0 {}
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, TableError> {
        match self.0 {}
    }
}
