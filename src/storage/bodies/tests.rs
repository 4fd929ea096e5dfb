use super::*;
use crate::error::{Error, Kind};
use crate::storage::Durability;

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 31 + n / 251) as u8).collect()
}

fn written(directory: &Path, bytes: &[u8], piece: usize) -> BodyRef {
    let mut writer = BodyWriter::create(directory, Durability::Safe).unwrap();
    for piece in bytes.chunks(piece) {
        writer.write(piece).unwrap();
    }
    assert_eq!(writer.len(), bytes.len() as u64);
    writer.finish().unwrap()
}

fn read_whole(reader: &mut BodyReader, piece: usize) -> Result<Vec<u8>, Error> {
    let mut whole = Vec::new();
    let mut buffer = vec![0; piece];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(whole),
            read => whole.extend_from_slice(&buffer[..read]),
        }
    }
}

#[test]
fn bodies_of_any_length_come_back_in_any_pieces() {
    let directory = tempfile::tempdir().unwrap();
    for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 77] {
        let bytes = bytes(len);
        for piece in [7919, BLOCK, 5 * BLOCK] {
            let body = written(directory.path(), &bytes, piece);
            assert_eq!(body.len, len as u64);
            let mut reader = BodyReader::open(directory.path(), &body).unwrap();
            assert_eq!((reader.len(), reader.is_empty()), (len as u64, len == 0));
            assert!(
                read_whole(&mut reader, piece).unwrap() == bytes,
                "{len} {piece}"
            );
            assert!(
                read_whole(&mut reader.another(), 1000).unwrap() == bytes,
                "{len} {piece}"
            );
        }
    }
}

#[test]
fn parts_are_read_anywhere() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = bytes(3 * BLOCK + 10);
    let body = written(directory.path(), &bytes, 1000);
    let mut reader = BodyReader::open(directory.path(), &body).unwrap();
    for _ in 0..2 {
        for (at, len) in [
            (BLOCK - 5, 10),
            (0, 1),
            (2 * BLOCK + 3, BLOCK),
            (3 * BLOCK, 100),
        ] {
            let mut buffer = vec![0; len];
            let read = reader.read_at(at as u64, &mut buffer).unwrap();
            assert_eq!(read, len.min(bytes.len() - at));
            assert!(buffer[..read] == bytes[at..at + read]);
        }
    }
    assert_eq!(reader.read_at(bytes.len() as u64, &mut [0; 9]).unwrap(), 0);
    assert_eq!(reader.read_at(u64::MAX, &mut [0; 9]).unwrap(), 0);
    assert_eq!(reader.read_at(0, &mut []).unwrap(), 0);
}

#[test]
fn a_deleted_body_is_read_on_by_who_has_it_open() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = bytes(BLOCK * 2);
    let body = written(directory.path(), &bytes, BLOCK);
    let mut reader = BodyReader::open(directory.path(), &body).unwrap();
    std::fs::remove_file(path(directory.path(), &body.id)).unwrap();
    assert!(read_whole(&mut reader, 100_000).unwrap() == bytes);
    let gone = BodyReader::open(directory.path(), &body).err().unwrap();
    assert_eq!(gone.kind(), Kind::Corrupt);
    assert_eq!(gone.cause(), Some(crate::error::Cause::Errno(libc::ENOENT)));
}

#[test]
fn damage_is_never_given_out() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = bytes(2 * BLOCK + 100);
    let body = written(directory.path(), &bytes, BLOCK);
    let path = path(directory.path(), &body.id);
    let sound = std::fs::read(&path).unwrap();
    for at in [
        0,
        BLOCK - 1,
        BLOCK,
        2 * BLOCK + 99,
        2 * BLOCK + 100,
        sound.len() - 1,
    ] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let read = |piece| read_whole(&mut BodyReader::open(directory.path(), &body)?, piece);
        for piece in [10, BLOCK, 4 * BLOCK] {
            assert_eq!(
                read(piece).unwrap_err().kind(),
                Kind::Corrupt,
                "{at} {piece}"
            );
        }
    }
    for length in [0, 1, sound.len() - 1] {
        std::fs::write(&path, &sound[..length]).unwrap();
        let refused = BodyReader::open(directory.path(), &body).err().unwrap();
        assert_eq!(refused.kind(), Kind::Corrupt);
    }
    let huge = BodyRef {
        len: u64::MAX,
        ..body
    };
    assert_eq!(
        BodyReader::open(directory.path(), &huge)
            .err()
            .unwrap()
            .kind(),
        Kind::Corrupt
    );
}

#[test]
fn an_unfinished_body_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = BodyWriter::create(directory.path(), Durability::Fast).unwrap();
    writer.write(&bytes(BLOCK * 2 + 5)).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    drop(writer);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn ids_are_names_and_back() {
    let id = [0x0f; 16];
    assert_eq!(id_of(&crate::storage::files::hex(&id)), Some(id));
    for name in [
        "",
        "tmp-1",
        "0f",
        "+f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        "0F0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
    ] {
        assert_eq!(id_of(name), None, "{name}");
    }
}
