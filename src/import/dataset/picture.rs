//! One PNG or JPEG image, through the crate `image`.

use super::damaged;
use crate::import::ImportError;
use crate::import::error::shown;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageError, Limits};
use std::io::Cursor;

/// No image may be longer than this along a side: far more than any network here takes.
const MAX_SIDE: u32 = 4096;

/// No decoder may allocate more than this: the largest image with 16 bits and alpha, and as much again.
const MAX_DECODER_BYTES: u64 = 2 * 8 * (MAX_SIDE as u64) * (MAX_SIDE as u64);

const PNG: &str = "PNG";
const JPEG: &str = "JPEG";

/// Decodes an image into channels, height and width (one channel if grey, three if in colour) and
/// its values from 0 to 255 in that order, after `check` has agreed to the shape.
///
/// Transparent pixels are laid on white; 16 bits are rounded to 8. Colour profiles and gamma are not applied.
pub(super) fn decode(
    bytes: &[u8],
    check: impl FnOnce([usize; 3]) -> Result<(), ImportError>,
) -> Result<([usize; 3], Vec<u8>), ImportError> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    if bytes.starts_with(b"\x89PNG") {
        let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits);
        return values(decoder.map_err(|error| sentence(PNG, &error))?, PNG, check);
    }
    if !is_whole_jpeg(bytes) {
        return Err(damaged(JPEG, "it was cut off".into()));
    }
    let decoder = JpegDecoder::new(Cursor::new(bytes));
    values(decoder.map_err(|error| sentence(JPEG, &error))?, JPEG, check)
}

fn values(
    mut decoder: impl ImageDecoder,
    format: &'static str,
    check: impl FnOnce([usize; 3]) -> Result<(), ImportError>,
) -> Result<([usize; 3], Vec<u8>), ImportError> {
    let (width, height) = decoder.dimensions();
    if width.max(height) > MAX_SIDE || width.min(height) == 0 {
        return Err(ImportError::TooLarge {
            what: "its size of".into(),
            found: format!("{width}×{height} pixels"),
            limit: format!("1 to {MAX_SIDE} pixels along each side; scale it to what the model takes"),
        });
    }
    let kind = decoder.color_type();
    let (channels, has_alpha, is_deep) = match kind {
        ColorType::L8 => (1, false, false),
        ColorType::La8 => (1, true, false),
        ColorType::Rgb8 => (3, false, false),
        ColorType::Rgba8 => (3, true, false),
        ColorType::L16 => (1, false, true),
        ColorType::La16 => (1, true, true),
        ColorType::Rgb16 => (3, false, true),
        ColorType::Rgba16 => (3, true, true),
        _ => {
            return Err(ImportError::Data(
                "its colours are neither grey nor red, green and blue; convert it to one of these".into(),
            ));
        }
    };
    let shape = [channels, height as usize, width as usize];
    check(shape)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    if orientation != Orientation::NoTransforms {
        return Err(ImportError::Data(
            "its metadata (EXIF) asks for it to be turned or mirrored; save it the way it should be seen"
                .into(),
        ));
    }
    // Four channels of 16 bits within MAX_SIDE: at most 128 MiB.
    let mut stored = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(0)];
    decoder
        .read_image(&mut stored)
        .map_err(|error| sentence(format, &error))?;
    let samples: Box<dyn Iterator<Item = u64>> = if is_deep {
        Box::new(
            stored
                .as_chunks()
                .0
                .iter()
                .map(|&pair| u16::from_ne_bytes(pair).into()),
        )
    } else {
        Box::new(stored.iter().map(|&byte| byte.into()))
    };
    let full = if is_deep {
        u64::from(u16::MAX)
    } else {
        u64::from(u8::MAX)
    };
    Ok((shape, planes(samples, shape, has_alpha, full)))
}

/// Sorts interleaved values into one plane per channel, on white, from 0…`full` to 0…255.
fn planes(
    mut samples: impl Iterator<Item = u64>,
    [channels, height, width]: [usize; 3],
    has_alpha: bool,
    full: u64,
) -> Vec<u8> {
    let pixels = height * width;
    let mut planes = vec![0; channels * pixels];
    for pixel in 0..pixels {
        let mut colour = [0; 3];
        for value in &mut colour[..channels] {
            *value = samples.next().unwrap_or(0);
        }
        let alpha = if has_alpha {
            samples.next().unwrap_or(0)
        } else {
            full
        };
        for (channel, value) in colour[..channels].iter().enumerate() {
            let on_white = value * alpha + full * (full - alpha);
            planes[channel * pixels + pixel] = ((255 * on_white + full * full / 2) / (full * full)) as u8;
        }
    }
    planes
}

/// Whether a JPEG's marker of the end follows the beginning of its data: decoders fill up what is missing with grey.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    const END: [u8; 2] = [0xFF, 0xD9];
    let mut at = 2;
    // Segments up to the data, each with its length: previews within them have ends of their own.
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        match marker {
            START_OF_SCAN => return bytes[at..].windows(2).any(|pair| pair == END),
            // A filling byte.
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

/// What `image` reports, as a sentence with a remedy.
fn sentence(format: &'static str, error: &ImageError) -> ImportError {
    match error {
        ImageError::Limits(_) => {
            ImportError::Data("decoding it takes too much memory; save it anew, or smaller".into())
        }
        ImageError::Unsupported(_) => ImportError::Data(format!(
            "this kind of {format} image isn't supported ({}); save it as a plain PNG",
            shown(&error.to_string())
        )),
        _ => damaged(format, shown(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat};

    fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
        encoded(image, ImageFormat::Png)
    }

    fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decoded(bytes: &[u8]) -> ([usize; 3], Vec<u8>) {
        decode(bytes, |_| Ok(())).unwrap()
    }

    #[test]
    fn grey_is_one_channel_and_colour_is_three_planes() {
        let grey = image::GrayImage::from_raw(3, 2, vec![0, 1, 2, 3, 4, 255]).unwrap();
        assert_eq!(decoded(&png(grey)), ([1, 2, 3], vec![0, 1, 2, 3, 4, 255]));
        let colour = image::RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(decoded(&png(colour)), ([3, 1, 2], vec![1, 4, 2, 5, 3, 6]));
    }

    #[test]
    fn transparent_pixels_lie_on_white() {
        let image =
            image::RgbaImage::from_raw(3, 1, vec![9, 9, 9, 0, 9, 9, 9, 255, 0, 100, 200, 51]).unwrap();
        assert_eq!(decoded(&png(image)).1, [255, 9, 204, 255, 9, 224, 255, 9, 244]);
        let grey = image::GrayAlphaImage::from_raw(1, 1, vec![0, 51]).unwrap();
        assert_eq!(decoded(&png(grey)), ([1, 1, 1], vec![204]));
    }

    #[test]
    fn sixteen_bits_are_rounded_to_eight() {
        let values = vec![0, 128, 129, 257, 65535];
        let image = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(5, 1, values).unwrap();
        assert_eq!(decoded(&png(image)).1, [0, 0, 1, 1, 255]);
    }

    #[test]
    fn a_jpeg_of_one_colour_has_that_colour() {
        let image = image::RgbImage::from_pixel(16, 8, image::Rgb([200, 200, 200]));
        let (shape, values) = decoded(&encoded(image, ImageFormat::Jpeg));
        assert_eq!(shape, [3, 8, 16]);
        assert!(values.iter().all(|value| value.abs_diff(200) <= 1), "{values:?}");
    }

    #[test]
    fn cut_images_are_refused_wherever_they_are_cut() {
        let image = image::GrayImage::from_fn(16, 16, |x, y| image::Luma([(x * y) as u8]));
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let whole = encoded(image.clone(), format);
            // The last chunk of a PNG has no data: without it all pixels are there.
            let needed = whole.len() - if format == ImageFormat::Png { 12 } else { 0 };
            for end in 4..needed {
                assert!(
                    decode(&whole[..end], |_| Ok(())).is_err(),
                    "{format:?} cut at {end} of {needed}"
                );
            }
        }
    }

    #[test]
    fn the_size_is_refused_before_anything_is_decoded() {
        let mut bomb = png(image::GrayImage::new(1, 1));
        bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let crc = flate2_crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let error = decode(&bomb, |_| panic!("too large to be asked about")).unwrap_err();
        assert!(error.to_string().contains("65536×65536 pixels"), "{error}");
        let small = png(image::GrayImage::new(5, 4));
        let refused = decode(&small, |shape| Err(ImportError::Data(format!("{shape:?}"))));
        assert_eq!(refused, Err(ImportError::Data("[1, 4, 5]".into())));
    }

    fn flate2_crc(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }
}
