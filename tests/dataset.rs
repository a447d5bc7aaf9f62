//! What data sets are made of files, and what is said when they can't be.

#![cfg(feature = "images")]
#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failed test too")]

use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage};
use proptest::prelude::*;
use sdann::import::dataset::{Array, ArrayValues, Dataset, MAX_FILES, read_dataset, read_labels};
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn zip_by(method: CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(CompressionMethod::Deflated, members)
}

/// Renames members after the archive is written, to what no writer would accept.
fn renamed(mut zip: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    for at in 0..zip.len() - from.len() {
        if zip[at..].starts_with(from.as_bytes()) {
            zip[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    zip
}

fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes().chain(data.iter().copied()));
    bytes
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A grey image of two pixels.
fn png(values: [u8; 2]) -> Vec<u8> {
    encoded(
        GrayImage::from_raw(2, 1, values.into()).unwrap(),
        ImageFormat::Png,
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[track_caller]
fn dataset(bytes: &[u8]) -> Dataset {
    read_dataset(bytes, "data").unwrap_or_else(|error| panic!("{error}"))
}

fn pixels(shape: &[usize], values: &[u8]) -> Array {
    Array {
        shape: shape.into(),
        values: ArrayValues::U8(values.into()),
    }
}

fn reals(shape: &[usize], values: &[f32]) -> Array {
    Array {
        shape: shape.into(),
        values: ArrayValues::F32(values.into()),
    }
}

#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) {
    let error = read_dataset(bytes, "the name")
        .expect_err("should be refused")
        .to_string();
    assert!(error.starts_with("'the name': "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    for word in words {
        assert!(error.contains(word), "'{word}' isn't in: {error}");
    }
}

mod npz {
    use super::*;

    #[test]
    fn the_only_array_is_the_samples_whatever_its_name() {
        let file = zip(&[("whatever.npy", &npy("(1, 2)", &[3, 4]))]);
        assert_eq!(dataset(&file).samples, pixels(&[1, 2], &[3, 4]));
        assert_eq!(dataset(&file).labels, None);
        assert_eq!(dataset(&gzip(&file)), dataset(&file));
    }

    #[test]
    fn samples_and_labels_are_known_by_their_names() {
        let (x, y, other) = (npy("(2, 1)", &[3, 4]), npy("(2,)", &[1, 0]), npy("(1,)", &[9]));
        for (samples, labels) in [
            ("x", "y"),
            ("images", "labels"),
            ("inputs", "targets"),
            ("data", "Y"),
            ("arr_0", "y"),
        ] {
            let (samples, labels) = (format!("{samples}.npy"), format!("{labels}.npy"));
            let file = zip(&[("other.npy", &other), (&labels, &y), (&samples, &x)]);
            assert_eq!(dataset(&file).samples, pixels(&[2, 1], &[3, 4]));
            assert_eq!(dataset(&file).labels, Some(vec![1, 0]));
            assert_eq!(read_labels(&file, "data").unwrap().classes, [1, 0]);
        }
    }

    #[test]
    fn one_array_beside_the_labels_needs_no_name() {
        let file = zip(&[
            ("y.npy", &npy("(1,)", &[5])),
            ("pictures.npy", &npy("(1, 1)", &[7])),
        ]);
        assert_eq!(dataset(&file).samples, pixels(&[1, 1], &[7]));
    }

    #[test]
    fn what_is_unclear_is_refused_with_the_names() {
        let array = npy("(1,)", &[1]);
        let members = |names: &[&'static str]| {
            let members: Vec<(&str, &[u8])> = names.iter().map(|&name| (name, &array[..])).collect();
            zip(&members)
        };
        refused(
            &members(&["x_train.npy", "x_test.npy"]),
            &["'x_train', 'x_test'", "call it 'x'"],
        );
        refused(&members(&["x.npy", "data.npy"]), &["'x', 'data'"]);
        refused(
            &members(&["x.npy", "y.npy", "labels.npy"]),
            &["which are the labels", "call it 'y'"],
        );
        assert!(read_labels(&members(&["a.npy", "b.npy"]), "data").is_err());
    }

    #[test]
    fn a_bad_member_is_named() {
        let x = npy("(1,)", &[1]);
        refused(&zip(&[("x.npy", &x[..20])]), &["member 'x.npy'", "cut off"]);
        refused(
            &zip(&[("x.npy", b"no array")]),
            &["member 'x.npy'", "numpy.savez"],
        );
        refused(
            &zip(&[("x.npy", &x), ("y.npy", &npy("(1, 2)", &[1, 2]))]),
            &["member 'y.npy'", "leave this array out"],
        );
    }
}

mod csv {
    use super::*;

    #[test]
    fn a_row_is_a_sample_with_or_without_names_of_columns() {
        let expected = reals(&[2, 3], &[1.0, 2.5, -3.0, 4.0, 0.05, 6.0]);
        for text in [
            "1,2.5,-3\n4,5e-2,6\n",
            "a,b,c\n1,2.5,-3\n4,5e-2,6",
            "\u{feff}# a; b; c\r\n1; 2.5; -3\r\n\r\n4; 5e-2; 6\r\n",
            "\"größe\"\tb\tc\n1\t2.5\t-3\n4\t\"5e-2\"\t6\n",
        ] {
            assert_eq!(dataset(text.as_bytes()).samples, expected, "{text}");
            assert_eq!(dataset(text.as_bytes()).labels, None);
            assert_eq!(dataset(&gzip(text.as_bytes())).samples, expected);
        }
    }

    #[test]
    fn a_column_of_labels_is_known_by_its_name() {
        for text in [
            "label,a,1\n7,1,2\n0,3,4\n",
            "a,b,Class\n1,2,7\n3,4,0\n",
            "a,target,b\n1,7,2\n3,0,4\n",
        ] {
            let found = dataset(text.as_bytes());
            assert_eq!(found.samples, reals(&[2, 2], &[1.0, 2.0, 3.0, 4.0]));
            assert_eq!(found.labels, Some(vec![7, 0]));
            assert!(found.class_names.is_empty());
        }
        let named = dataset(b"a,class\n1,wren\n2,owl\n3,wren\n");
        assert_eq!(named.labels, Some(vec![1, 0, 1]));
        assert_eq!(named.class_names, ["owl", "wren"]);
    }

    #[test]
    fn a_file_of_labels_is_one_column() {
        assert_eq!(read_labels(b"3\n0\n", "y").unwrap().classes, [3, 0]);
        assert_eq!(read_labels(b"label\n3\n0\n", "y").unwrap().classes, [3, 0]);
        assert!(read_labels(b"0.5\n", "y").is_err());
        assert!(read_labels(b"1,2\n", "y").is_err());
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        refused(b"a,b\n1,2\n3,x\n", &["line 3, column 'b'", "'x' is not a number"]);
        refused(b"1,2\n3,\n", &["line 2, column 2", "empty"]);
        refused(b"1,nan\n", &["line 1, column 2", "'nan'", "finite"]);
        refused(b"1,2\n1,-inf\n", &["line 2, column 2", "finite"]);
        refused(b"1,2\n1,1e39\n", &["line 2, column 2", "finite"]);
        refused(b"label,b\n1.5,2\n", &["line 2, column 'label'", "class index"]);
        refused(b"label,b\n1,2\nowl,2\n", &["line 3, column 'label'", "'owl'"]);
        refused(b"a,b\n1,\xFF\n", &["line 2", "UTF-8"]);
    }

    #[test]
    fn ragged_rows_are_refused() {
        refused(b"1,2\n3\n", &["line 2 has 1 cells", "has 2"]);
        refused(b"a,b\n1,2,3\n", &["line 2 has 3 cells"]);
    }

    #[test]
    fn a_first_row_that_may_or_may_not_be_a_sample_is_refused() {
        refused(b"1,NA,3\n4,5,6\n", &["line 1, column 2", "'NA'"]);
        refused(
            b"0,1,2,3,4,5,6,7\n9,9,9,9,9,9,9,9\n",
            &["counts from 0 to 7", "header=False"],
        );
        refused(b",a,b\n0,1,2\n", &["no name", "index=False"]);
        refused(b"label,class\n1,2\n", &["'label' and 'class'"]);
    }

    #[test]
    fn a_table_without_samples_is_refused() {
        refused(b"a,b\n", &["without a row"]);
        refused(b"\n\n", &["without a row"]);
        refused(b"just words", &["without a row"]);
    }

    #[test]
    fn an_endless_row_is_refused_in_bounded_memory() {
        refused(&b"1,".repeat(9 << 20), &["row", "16 MiB"]);
        let mut quoted = b"1,2\n\"".to_vec();
        quoted.resize(20 << 20, b'\n');
        refused(&quoted, &["row", "quotation mark"]);
    }
}

mod images {
    use super::*;

    #[test]
    fn an_image_is_one_sample() {
        assert_eq!(dataset(&png([7, 255])).samples, pixels(&[1, 1, 2], &[7, 255]));
        let colour = RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let found = dataset(&encoded(colour, ImageFormat::Png));
        assert_eq!(found.samples, pixels(&[1, 3, 1, 2], &[1, 4, 2, 5, 3, 6]));
        let jpeg = encoded(GrayImage::from_pixel(8, 16, Luma([0])), ImageFormat::Jpeg);
        assert_eq!(dataset(&jpeg).samples, pixels(&[1, 16, 8], &[0; 128]));
    }

    #[test]
    fn a_zip_of_images_is_in_natural_order_without_labels() {
        let file = zip(&[
            ("s/10.png", &png([3, 3])),
            ("s/2.png", &png([2, 2])),
            ("s/1.PNG", &png([1, 1])),
        ]);
        assert_eq!(dataset(&file).samples, pixels(&[3, 1, 2], &[1, 1, 2, 2, 3, 3]));
        assert_eq!(dataset(&file).labels, None);
    }

    #[test]
    fn class_folders_are_labels() {
        let file = zip(&[
            ("set/README.txt", b"left aside"),
            ("__MACOSX/set/10/._a.png", b"left aside"),
            ("set/10/.hidden.zip", b"left aside"),
            ("set/10/a.png", &png([1, 1])),
            ("set/9/a.png", &png([2, 2])),
        ]);
        let found = dataset(&file);
        assert_eq!(found.samples, pixels(&[2, 1, 2], &[2, 2, 1, 1]));
        assert_eq!(found.labels, Some(vec![0, 1]));
        assert_eq!(found.class_names, ["9", "10"]);
        assert_eq!(read_labels(&file, "data").unwrap().classes, [0, 1]);
    }

    #[test]
    fn a_list_of_labels_wins_over_folders() {
        let images = |list: &'static [u8]| {
            zip(&[
                ("s/a/1.png", &png([1, 1])),
                ("s/b/2.png", &png([2, 2])),
                ("s/labels.csv", list),
            ])
        };
        let found = dataset(&images(b"file,label\nb/2.png,4\n./a/1.png,6\n"));
        assert_eq!(found.labels, Some(vec![6, 4]));
        let found = dataset(&images(b"b\\2.png,owl\na/1.png,wren\n"));
        assert_eq!(
            (found.labels, found.class_names),
            (Some(vec![1, 0]), vec!["owl".into(), "wren".into()])
        );
        refused(
            &images(b"a/1.png,6\n"),
            &["labels.csv", "doesn't list the image 's/b/2.png'"],
        );
        refused(&images(b"a/1.png,6\na/1.png,7\n"), &["line 2", "twice"]);
        refused(
            &images(b"a/1.png,6\nb/2.png,7\nc.png,7\n"),
            &["line 3", "no image 's/c.png'"],
        );
        refused(&images(b"a/1.png,6,7\n"), &["line 1", "3 cells"]);
        refused(&images(b"a/1.png,6\nb/2.png,-7\n"), &["line 2", "class index"]);
    }

    #[test]
    fn images_that_differ_are_refused_by_name() {
        let wide = encoded(GrayImage::new(3, 1), ImageFormat::Png);
        refused(
            &zip(&[("a.png", &png([1, 1])), ("b.png", &wide)]),
            &["image 'b.png'", "3×1 pixels", "2×1 pixels"],
        );
        let colour = encoded(RgbImage::new(2, 1), ImageFormat::Png);
        refused(
            &zip(&[("a.png", &png([1, 1])), ("b.png", &colour)]),
            &["image 'b.png'", "in colour", "grey"],
        );
        refused(
            &zip(&[("a.png", b"no image")]),
            &["image 'a.png'", "no PNG or JPEG"],
        );
        refused(
            &zip(&[("a.png", &png([1, 1])[..40])]),
            &["image 'a.png'", "PNG file is damaged"],
        );
    }

    #[test]
    fn other_files_among_images_are_refused() {
        let image = png([1, 1]);
        refused(
            &zip(&[("a.png", &image), ("b.webp", b"?")]),
            &["file 'b.webp'", "convert it"],
        );
        refused(
            &zip(&[("a.png", &image), ("x.npy", &npy("(1,)", &[1]))]),
            &["file 'x.npy'"],
        );
        refused(
            &zip(&[("a.png", &image), ("b.zip", &zip(&[]))]),
            &["file 'b.zip'", "unpack it"],
        );
        refused(&zip(&[("notes.txt", b"")]), &["no images"]);
        refused(&zip(&[]), &["no images"]);
        refused(b"GIF89a", &["a GIF image"]);
        refused(b"RIFF\0\0\0\0WEBP", &["WebP"]);
    }
}

mod hostile {
    use super::*;

    #[test]
    fn paths_that_lead_out_of_a_zip_are_refused() {
        for path in ["../a.png", "/abs/a.p", "a/../b", "..\\a.png", "C:\\a.png"] {
            let file = renamed(
                zip(&[("12345678", &png([1, 1]))]),
                "12345678",
                &format!("{path:_<8}")[..8],
            );
            refused(&file, &["member", "leads out of the archive"]);
        }
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused() {
        let file = renamed(
            zip(&[("a.png", &png([1, 1])), ("b.png", &png([2, 2]))]),
            "b.png",
            "a.png",
        );
        refused(&file, &["member 'a.png'", "twice"]);
        let file = zip(&[("s/a.png", &png([1, 1])), ("s\\a.png", &png([2, 2]))]);
        refused(&file, &["member 's/a.png'", "twice"]);
    }

    #[test]
    fn what_would_unfold_to_too_much_is_refused_before_it_is_decoded() {
        let large = encoded(GrayImage::new(4096, 4096), ImageFormat::Png);
        let names: Vec<String> = (0..33).map(|i| format!("{i}.png")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &large[..])).collect();
        let start = Instant::now();
        refused(
            &zip_by(CompressionMethod::Stored, &members),
            &["image '0.png'", "512 MiB"],
        );
        assert!(start.elapsed() < Duration::from_secs(5));
        refused(
            &encoded(GrayImage::new(4097, 1), ImageFormat::Png),
            &["4097×1 pixels", "4096"],
        );
    }

    #[test]
    fn a_zip_that_claims_or_has_too_many_members_is_refused() {
        let mut file = zip(&[("a.png", &png([1, 1]))]);
        for _ in 0..=MAX_FILES {
            file.extend(b"PK\x01\x02");
        }
        refused(&file, &["number of members", "100000"]);
        let mut file = b"PK\x03\x04PK\x06\x06".to_vec();
        file.extend([0; 28]);
        file.extend(u64::MAX.to_le_bytes());
        refused(&file, &["number of members"]);
    }

    #[test]
    fn members_that_cannot_be_unpacked_say_how_to_pack_them() {
        // What the member's own header says, its entry in the directory repeats two bytes later.
        let patched = |at_header: usize, value: u8| {
            let mut file = zip(&[("x.npy", &npy("(1,)", &[1]))]);
            let entry = file
                .windows(4)
                .position(|window| window == b"PK\x01\x02")
                .unwrap();
            file[at_header] = value;
            file[entry + at_header + 2] = value;
            file
        };
        refused(&patched(8, 14), &["member 'x.npy'", "compression", "Deflate"]);
        refused(&patched(6, 1), &["member 'x.npy'", "encrypted", "password"]);
    }

    #[test]
    fn a_changed_byte_of_data_is_noticed() {
        let x = npy("(4,)", b"wxyz");
        let file = renamed(
            zip_by(CompressionMethod::Stored, &[("x.npy", &x)]),
            "wxyz",
            "wxyy",
        );
        refused(&file, &["member 'x.npy'", "zip file is damaged"]);
    }
}

/// What befalls files on their way.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Drop(prop::sample::Index, prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Huge(prop::sample::Index),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let span = |a: &prop::sample::Index, b: &prop::sample::Index| {
            let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
            a.min(b)..a.max(b)
        };
        match self {
            Self::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Drop(a, b) => drop(bytes.drain(span(a, b))),
            Self::Repeat(a, b) => {
                let span = span(a, b);
                let (end, copy) = (span.end, bytes[span].to_vec());
                bytes.splice(end..end, copy);
            }
            Self::Huge(at) => {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + 4);
                bytes[at..end].fill(0xFF);
            }
        }
    }
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let index = any::<prop::sample::Index>;
    let mutation = prop_oneof![
        6 => (index(), 1u8..).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        1 => index().prop_map(Mutation::Cut),
        1 => (index(), index()).prop_map(|(a, b)| Mutation::Drop(a, b)),
        1 => (index(), index()).prop_map(|(a, b)| Mutation::Repeat(a, b)),
        2 => index().prop_map(Mutation::Huge),
    ];
    prop::collection::vec(mutation, 1..6)
}

/// A sound file of each kind.
fn sound_files() -> Vec<Vec<u8>> {
    let (x, y) = (npy("(2, 3)", &[1, 2, 3, 4, 5, 6]), npy("(2,)", &[1, 0]));
    let grey = GrayImage::from_fn(9, 7, |x, y| Luma([(31 * x + 17 * y) as u8]));
    let colour = RgbImage::from_fn(9, 7, |x, y| image::Rgb([(9 * x) as u8, (20 * y) as u8, 50]));
    let alpha = DynamicImage::from(colour.clone()).to_rgba16();
    let png = encoded(grey.clone(), ImageFormat::Png);
    vec![
        x.clone(),
        gzip(&x),
        zip(&[("x.npy", &x), ("y.npy", &y)]),
        zip_by(CompressionMethod::Stored, &[("x.npy", &x), ("y.npy", &y)]),
        b"a,b,label\n1,2.5,owl\n-3e4,\"4\",wren\n".to_vec(),
        b"1;2;3\n4;5;6\n".to_vec(),
        encoded(colour.clone(), ImageFormat::Png),
        encoded(alpha, ImageFormat::Png),
        encoded(grey, ImageFormat::Jpeg),
        encoded(colour, ImageFormat::Jpeg),
        zip_by(CompressionMethod::Stored, &[("0/a.png", &png), ("1/b.png", &png)]),
        zip(&[
            ("a.png", &png),
            ("b.png", &png),
            ("labels.csv", b"a.png,1\nb.png,0\n"),
        ]),
    ]
}

#[test]
fn sound_files_are_read() {
    for file in sound_files() {
        dataset(&file);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn mutated_files_end_in_a_data_set_or_in_one_sentence(
        file in prop::sample::select(sound_files()),
        mutations in mutations(),
    ) {
        let mut bytes = file;
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        let start = Instant::now();
        match read_dataset(&bytes, "name") {
            Ok(found) => {
                let shape = found.samples.shape.iter().product::<usize>();
                prop_assert_eq!(shape, found.samples.len());
            }
            Err(error) => {
                let sentence = error.to_string();
                prop_assert!(sentence.starts_with("'name': "), "{}", sentence);
                prop_assert!(!sentence.chars().any(char::is_control), "{}", sentence);
                prop_assert!(sentence.len() < 1000, "{}", sentence);
            }
        }
        let _ = read_labels(&bytes, "name");
        prop_assert!(start.elapsed() < Duration::from_secs(5));
    }
}
