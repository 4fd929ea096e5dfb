//! Looks at a data file before LMDB maps it: what lies outside of the file kills the process when it is
//! touched, and LMDB itself looks at no more than two magic numbers.
//!
//! Decides whether the file can be opened, not whether its rows are right: they carry checksums.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What the file is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::storage) enum Verdict {
    /// Nothing was written yet.
    Empty,
    /// Its pages are where they should be.
    Sound,
    /// It must not be mapped, and why.
    Damaged(&'static str),
}

const WORD: usize = size_of::<usize>();
/// A page begins with its number, a padding, its flags, and two offsets (or a count of pages).
const PAGE_HEADER: usize = WORD + 8;
/// Of each of the two databases in a meta page: page size or padding, flags, depth, and five numbers.
const DATABASE: usize = 8 + 5 * WORD;
const MAGIC: u32 = 0xBEEF_C0DE;
const VERSION: u32 = 1;
const NO_PAGE: usize = usize::MAX;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const OVERFLOW: u16 = 4;
const META: u16 = 8;
/// Flags of a row: its value lies on pages of its own; its value is the root of a table.
const BIG: u16 = 1;
const TABLE: u16 = 2;

/// How much of its last pages a sound file may lack: pages that a transaction took and gave back
/// unwritten.
const LONGEST_GAP: u64 = 64 << 20;
const DEEPEST: u32 = 32;

/// Looks at the file. Reads a few hundred bytes, except when the file is shorter than it says: then all
/// pages that rows lie on.
pub(in crate::storage) fn examine(file: &File) -> io::Result<Verdict> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(Verdict::Empty);
    }
    let Some(first) = Meta::read(file, 0)? else {
        return Ok(Verdict::Damaged("its first page is not readable"));
    };
    let Some(second) = Meta::read(file, first.page_size as u64)? else {
        return Ok(Verdict::Damaged("its second page is not readable"));
    };
    if second.page_size != first.page_size {
        return Ok(Verdict::Damaged(
            "its first two pages contradict each other",
        ));
    }
    let meta = if second.transaction > first.transaction {
        second
    } else {
        first
    };
    let size = meta.page_size as u64;
    let Some(said) = (meta.last_page as u64)
        .checked_add(1)
        .and_then(|n| n.checked_mul(size))
    else {
        return Ok(Verdict::Damaged("its number of pages is impossible"));
    };
    if said <= length {
        return Ok(Verdict::Sound);
    }
    if said - length > LONGEST_GAP {
        return Ok(Verdict::Damaged("it is cut off"));
    }
    let walk = Walk {
        file,
        page_size: meta.page_size,
        pages: (length / size) as usize,
    };
    let whole = walk.tree(meta.free_root, 0)? && walk.tree(meta.main_root, 0)?;
    Ok(if whole {
        Verdict::Sound
    } else {
        Verdict::Damaged("it is cut off")
    })
}

/// What is needed of one of the two pages at the beginning.
struct Meta {
    page_size: usize,
    free_root: usize,
    main_root: usize,
    last_page: usize,
    transaction: usize,
}

impl Meta {
    fn read(file: &File, at: u64) -> io::Result<Option<Self>> {
        const LENGTH: usize = PAGE_HEADER + 8 + 2 * WORD + 2 * DATABASE + 2 * WORD;
        let mut bytes = [0; LENGTH];
        match file.read_exact_at(&mut bytes, at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        Ok(Meta::parse(&bytes))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let databases = PAGE_HEADER + 8 + 2 * WORD;
        let root = |n| word(bytes, databases + n * DATABASE + DATABASE - WORD);
        let known = half(bytes, WORD + 2)? & META != 0
            && full(bytes, PAGE_HEADER)? == MAGIC
            && full(bytes, PAGE_HEADER + 4)? == VERSION;
        let page_size = full(bytes, databases)? as usize;
        if !known || !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
            return None;
        }
        Some(Meta {
            page_size,
            free_root: root(0)?,
            main_root: root(1)?,
            last_page: word(bytes, databases + 2 * DATABASE)?,
            transaction: word(bytes, databases + 2 * DATABASE + WORD)?,
        })
    }
}

/// A walk over the pages that rows lie on.
struct Walk<'f> {
    file: &'f File,
    page_size: usize,
    pages: usize,
}

impl Walk<'_> {
    /// Whether all pages below `root` are in the file and are what they should be.
    fn tree(&self, root: usize, depth: u32) -> io::Result<bool> {
        if root == NO_PAGE {
            return Ok(true);
        }
        if depth > DEEPEST || root >= self.pages {
            return Ok(false);
        }
        let mut page = vec![0; self.page_size];
        self.file
            .read_exact_at(&mut page, (root * self.page_size) as u64)?;
        let Some(below) = self.page(&page, root) else {
            return Ok(false);
        };
        for child in below {
            if !self.tree(child, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The trees below a page; `None` when the page is none, or a value of it is not in the file.
    fn page(&self, page: &[u8], number: usize) -> Option<Vec<usize>> {
        let flags = half(page, WORD + 2)?;
        if word(page, 0)? != number || flags & (BRANCH | LEAF) == 0 {
            return None;
        }
        let rows = (half(page, WORD + 4)? as usize).checked_sub(PAGE_HEADER)? / 2;
        let mut below = Vec::new();
        for row in 0..rows {
            let at = half(page, PAGE_HEADER + 2 * row)? as usize;
            if flags & BRANCH != 0 {
                below.push(branch(page, at)?);
            } else {
                below.extend(self.leaf(page, at)?);
            }
        }
        Some(below)
    }

    /// The tree that a row of a leaf is the root of, if it is one.
    fn leaf(&self, page: &[u8], at: usize) -> Option<Option<usize>> {
        let length = half(page, at)? as usize | (half(page, at + 2)? as usize) << 16;
        let value = at + 8 + half(page, at + 6)? as usize;
        let flags = half(page, at + 4)?;
        if flags & BIG != 0 {
            let first = word(page, value)?;
            let count = (PAGE_HEADER + length).div_ceil(self.page_size);
            let header = self.overflow(first)?;
            return (header && first.checked_add(count)? <= self.pages).then_some(None);
        }
        if flags & TABLE != 0 {
            return Some(Some(word(page, value + DATABASE - WORD)?));
        }
        (value + length <= page.len()).then_some(None)
    }

    fn overflow(&self, number: usize) -> Option<bool> {
        let mut header = [0; PAGE_HEADER];
        let at = (number as u64).checked_mul(self.page_size as u64)?;
        self.file.read_exact_at(&mut header, at).ok()?;
        Some(word(&header, 0)? == number && half(&header, WORD + 2)? & OVERFLOW != 0)
    }
}

/// The page that a row of a branch leads to: its number is spread over the row's first six bytes.
fn branch(page: &[u8], at: usize) -> Option<usize> {
    let low = half(page, at)? as u64 | (half(page, at + 2)? as u64) << 16;
    usize::try_from(low | (half(page, at + 4)? as u64) << 32).ok()
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn full(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from_ne_bytes(
        bytes.get(at..at.checked_add(WORD)?)?.try_into().ok()?,
    ))
}
