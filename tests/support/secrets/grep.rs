//! Looks for a text in files: as it is, in any letter case, in hexadecimal and in Base64.

use std::fs;
use std::path::Path;

use base64::Engine;

/// What a text may look like.
pub struct Needles {
    texts: Vec<Vec<u8>>,
    /// Which bytes one of them begins with.
    begins: [bool; 256],
}

impl Needles {
    pub fn of(text: &str) -> Self {
        let mut texts = vec![
            text.to_ascii_lowercase().into_bytes(),
            text.bytes()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                .into_bytes(),
        ];
        for before in 0..3 {
            // Without the letters that depend on what stands beside it. Without letter case they are few enough
            // to be found by chance, but not so many in a row.
            let padded = ["x".repeat(before).as_bytes(), text.as_bytes()].concat();
            let coded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
            let first = [0, 2, 3][before];
            let last = coded.len() - usize::from(!(before + text.len()).is_multiple_of(3));
            texts.push(coded[first..last].to_ascii_lowercase().into_bytes());
        }
        let mut begins = [false; 256];
        for text in &texts {
            begins[usize::from(text[0])] = true;
            begins[usize::from(text[0].to_ascii_uppercase())] = true;
        }
        Needles { texts, begins }
    }

    /// Where one begins.
    pub fn find(&self, data: &[u8]) -> Option<usize> {
        let is_at = |at: usize| {
            self.texts.iter().any(|text| {
                let found = data.get(at..at + text.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(text))
            })
        };
        (0..data.len()).find(|at| self.begins[usize::from(data[*at])] && is_at(*at))
    }
}

/// Where one is found in any file below a directory, with what stands around it.
pub fn find_in_files(directory: &Path, needles: &Needles) -> Option<String> {
    let mut folders = vec![directory.to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let data = fs::read(&path).unwrap();
            if let Some(at) = needles.find(&data) {
                let around = &data[at.saturating_sub(40)..data.len().min(at + 40)];
                let around = around.escape_ascii();
                return Some(format!("{}: {around}", path.display()));
            }
        }
    }
    assert!(files > 3, "the files of a cache are read");
    None
}
