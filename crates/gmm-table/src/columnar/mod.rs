//! Tables that are stored column by column: Apache Parquet, where it is built in.

#[cfg(not(feature = "parquet"))]
mod absent;
#[cfg(feature = "parquet")]
mod parquet;

#[cfg(not(feature = "parquet"))]
pub(crate) use self::absent::*;
#[cfg(feature = "parquet")]
pub(crate) use self::parquet::*;
