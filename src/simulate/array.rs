//! Long arrays that travel between worker and page as bytes, not number by number.

use bytemuck::Pod;
use bytemuck::allocation::pod_collect_to_vec;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::{Deref, DerefMut};

/// A vector that serde sees as bytes in the machine's own order (all targets are little-endian).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packed<T>(pub Vec<T>);

impl<T> Deref for Packed<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Packed<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for Packed<T> {
    fn from(values: Vec<T>) -> Self {
        Self(values)
    }
}

impl<T: Pod> Serialize for Packed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytemuck::cast_slice(&self.0))
    }
}

impl<'de, T: Pod> Deserialize<'de> for Packed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        if bytes.len() % size_of::<T>().max(1) != 0 {
            return Err(serde::de::Error::invalid_length(
                bytes.len(),
                &"a whole number of values",
            ));
        }
        Ok(Self(pod_collect_to_vec(&bytes)))
    }
}
