//! Verifying what is stored. What is to be found is broken beforehand, in the tables and the files themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use httpcache::cache::{Cache, KeySink, Query, Request, Verification};
use httpcache::error::Kind;
use httpcache::settings::option;
use httpcache::storage::{Change, Store, StoreOptions, Table, Transaction};

use super::support::*;

const LARGE: usize = 200_000;

fn verify(cache: &Arc<Cache>, mends: bool) -> Verification {
    let mut found = Verification::default();
    cache.verify(mends, &mut found, &mut |_, _| true).unwrap();
    found
}

/// A small response, a large one, and three variants of a URL.
fn filled(directory: &Directory) -> Arc<Cache> {
    let cache = directory.open(|_| ());
    store(&cache, "http://h/small", "needle");
    store(&cache, "http://h/large", &"x".repeat(LARGE));
    for language in ["en", "de", "fr"] {
        store_variant(directory, &cache, language);
    }
    cache
}

fn store_variant(directory: &Directory, cache: &Arc<Cache>, language: &str) {
    directory.later(1000);
    let asks = [("Accept-Language", language)];
    let fields = [("Vary", "Accept-Language")];
    store_with(
        cache,
        request("GET http://h/v", &asks),
        &fields,
        language.as_bytes(),
    );
}

fn variant(cache: &Arc<Cache>, language: &str) -> Option<String> {
    let asks = [("Accept-Language", language)];
    found(cache, request("GET http://h/v", &asks))
}

const SOUND: Verification = Verification {
    records: 5,
    bodies: 1,
    damaged_records: 0,
    damaged_bodies: 0,
    damaged_lists: 0,
    damaged_marks: 0,
    unheld_bodies: 0,
    dangling_bodies: 0,
    orphan_bodies: 0,
    dangling_marks: 0,
    mended: 0,
};

/// The tables below the cache.
fn tables(directory: &Directory) -> Arc<Store> {
    Store::open(&directory.path(), &StoreOptions::default(), &|_| ()).unwrap()
}

fn change(directory: &Directory, mut change: impl FnMut(&mut Transaction<'_>) + Send + 'static) {
    let change: Change = Box::new(move |txn| {
        change(txn);
        Ok(())
    });
    tables(directory).submit(0, change).unwrap();
}

/// All rows of a table.
fn rows(directory: &Directory, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    let scan = tables(directory).read(|snapshot| {
        snapshot.scan_after(table, None, &mut |row, value| {
            rows.push((row.to_vec(), value.to_vec()));
            Ok(std::ops::ControlFlow::Continue(()))
        })
    });
    scan.unwrap();
    rows
}

/// The rows of the variants, and that of their list.
fn list_and_variants(directory: &Directory) -> (Vec<u8>, Vec<Vec<u8>>) {
    let rows = rows(directory, Table::Records);
    let long = rows.iter().map(|(row, _)| row.clone());
    let variants: Vec<Vec<u8>> = long.filter(|row| row.len() == 48).collect();
    (variants[0][..32].to_vec(), variants)
}

fn put(directory: &Directory, table: Table, row: &[u8], value: &[u8]) {
    let (row, value) = (row.to_vec(), value.to_vec());
    change(directory, move |txn| txn.put(table, &row, &value).unwrap());
}

fn delete(directory: &Directory, table: Table, row: &[u8]) {
    let row = row.to_vec();
    change(directory, move |txn| {
        txn.delete(table, &row).unwrap();
    });
}

fn value_of(directory: &Directory, table: Table, row: &[u8]) -> Vec<u8> {
    let rows = rows(directory, table).into_iter();
    rows.into_iter().find(|(other, _)| other == row).unwrap().1
}

/// Expects exactly this to be found, twice without changing anything; then mended, and everything sound.
fn expect(cache: &Arc<Cache>, expected: Verification, mended: u64, after: Verification) {
    for _ in 0..2 {
        assert_eq!(verify(cache, false), expected);
    }
    let told = Verification { mended, ..expected };
    let is = verify(cache, true);
    // What a mending leaves behind may be met on the same way.
    assert_eq!(
        (is.damaged_records, is.damaged_lists),
        (told.damaged_records, told.damaged_lists)
    );
    assert!(is.mended >= told.mended, "{is:?}");
    assert_eq!(verify(cache, true), after);
    assert_eq!(verify(cache, false), after);
    assert_eq!(responses(cache), after.records);
}

#[test]
fn what_is_sound_is_found_so() {
    let directory = Directory::new();
    let cache = filled(&directory);
    assert_eq!(verify(&cache, false), SOUND);
    assert_eq!(verify(&cache, true), SOUND);
    assert_eq!(responses(&cache), 5);
}

#[test]
fn whatever_a_cache_does_leaves_it_sound() {
    let directory = Directory::new();
    let own = |request: &Arc<Request>, mut key: KeySink| {
        let name = request.http.fields.first(b"X-Key").unwrap_or(b"none");
        key.write(name).map_err(|_| -1)?;
        Ok(key)
    };
    let settings = |s: &mut httpcache::settings::Settings| {
        s.set(option::NO_VARY_SEARCH, 1).unwrap();
        s.set(option::GROUPS, 1).unwrap();
        s.set(option::INVALIDATE, 1).unwrap();
        s.set(option::MAX_VARIANTS, 2).unwrap();
        s.set(option::STALE_IF_ERROR, 1000).unwrap();
    };
    let mut options = directory.options(settings);
    options.own_matching.set_key(Some(own));
    let with_own = Cache::open(&directory.path(), options).unwrap();
    let cache = directory.open(settings);
    let large = "x".repeat(LARGE);
    for round in 0..3 {
        for number in 0..20 {
            let body = if number % 4 == 0 {
                large.as_str()
            } else {
                "small"
            };
            let url = format!("http://h/{number}?round={round}");
            let fields = [
                ("No-Vary-Search", "params"),
                ("Cache-Groups", "\"g\""),
                ("ETag", "\"e\""),
            ];
            let mut exchange = cache.lookup(&Arc::new(get(&url))).unwrap();
            if exchange.forward().is_some() {
                exchange.store(&answer(&fields, body.as_bytes())).unwrap();
            }
            let key = format!("{round}{number}");
            let asks = request(&format!("GET {url}"), &[("X-Key", &key)]);
            store_with(&with_own, asks, &[], body.as_bytes());
            let asks = [("Accept-Language", key.as_str())];
            store_with(
                &cache,
                request("GET http://h/v", &asks),
                &[("Vary", "Accept-Language")],
                body.as_bytes(),
            );
        }
        for (line, fields) in [
            ("PUT http://h/1?round=0", &[][..]),
            (
                "DELETE http://h/2?round=1",
                &[("Cache-Group-Invalidation", "\"g\"")],
            ),
        ] {
            let mut exchange = cache.lookup(&Arc::new(request(line, &[]))).unwrap();
            exchange.store(&answer(fields, b"")).unwrap();
        }
        let is = verify(&cache, false);
        let found = Verification {
            records: is.records,
            bodies: is.bodies,
            ..Verification::default()
        };
        assert_eq!(is, found, "round {round}");
        assert_eq!(is.records, responses(&cache));
        cache.flush(std::time::Duration::MAX).unwrap();
        assert_eq!(is.bodies, directory.body_files().len() as u64);
    }
}

#[test]
fn a_damaged_record_is_taken_away() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let rows = rows(&directory, Table::Records);
    let (row, value) = rows
        .iter()
        .find(|(_, value)| value.ends_with(b"needle"))
        .unwrap();
    let mut bad = value.clone();
    *bad.last_mut().unwrap() ^= 1;
    put(&directory, Table::Records, row, &bad);
    let expected = Verification {
        damaged_records: 1,
        ..SOUND
    };
    expect(
        &cache,
        expected,
        1,
        Verification {
            records: 4,
            ..SOUND
        },
    );
    assert_eq!(found(&cache, get("http://h/small")), None);
    assert_eq!(variant(&cache, "en").unwrap(), "en");
}

#[test]
fn a_damaged_variant_is_taken_out_of_the_list() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let (_, variants) = list_and_variants(&directory);
    put(
        &directory,
        Table::Records,
        &variants[1],
        b"hcR1 and no more",
    );
    let expected = Verification {
        damaged_records: 1,
        ..SOUND
    };
    expect(
        &cache,
        expected,
        1,
        Verification {
            records: 4,
            ..SOUND
        },
    );
    let left = ["en", "de", "fr"]
        .iter()
        .filter(|language| variant(&cache, language).is_some());
    assert_eq!(left.count(), 2);
}

#[test]
fn rows_that_are_none_of_this_version_are_damage() {
    let directory = Directory::new();
    let cache = filled(&directory);
    put(&directory, Table::Records, b"a row of another length", b"x");
    let expected = Verification {
        records: 6,
        damaged_records: 1,
        ..SOUND
    };
    expect(&cache, expected, 1, SOUND);
}

#[test]
fn a_damaged_body_takes_its_record_with_it() {
    let directory = Directory::new();
    for damage in ["a byte", "cut", "gone"] {
        let cache = directory.open(|_| ());
        cache.clear().unwrap();
        let cache = filled(&directory);
        let [file] = &directory.body_files()[..] else {
            panic!("one body")
        };
        let mut bytes = std::fs::read(file).unwrap();
        match damage {
            "a byte" => {
                bytes[LARGE / 2] ^= 1;
                std::fs::write(file, bytes).unwrap();
            }
            "cut" => std::fs::write(file, &bytes[..LARGE / 2]).unwrap(),
            _ => std::fs::remove_file(file).unwrap(),
        }
        let expected = Verification {
            damaged_bodies: 1,
            ..SOUND
        };
        expect(
            &cache,
            expected,
            1,
            Verification {
                records: 4,
                bodies: 0,
                ..SOUND
            },
        );
        assert_eq!(found(&cache, get("http://h/large")), None);
        assert_eq!(found(&cache, get("http://h/small")).unwrap(), "needle");
        cache.flush(std::time::Duration::MAX).unwrap();
        assert_eq!(directory.body_files().len(), 0);
    }
}

#[test]
fn a_body_that_is_not_held_is_held_again() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let [(id, _)] = &rows(&directory, Table::Bodies)[..] else {
        panic!("one body")
    };
    delete(&directory, Table::Bodies, id);
    let mut expected = Verification {
        unheld_bodies: 1,
        ..SOUND
    };
    assert_eq!(verify(&cache, false), expected, "its file is young");
    let old = SystemTime::now() - Duration::from_secs(3600);
    let file = std::fs::File::options()
        .write(true)
        .open(&directory.body_files()[0])
        .unwrap();
    file.set_modified(old).unwrap();
    expected.orphan_bodies = 1;
    assert_eq!(verify(&cache, false), expected);
    expect(&cache, expected, 1, SOUND);
    assert_eq!(found(&cache, get("http://h/large")).unwrap().len(), LARGE);
    // It leads to another record.
    put(&directory, Table::Bodies, id, &[7; 32]);
    let expected = Verification {
        unheld_bodies: 1,
        dangling_bodies: 1,
        ..SOUND
    };
    expect(&cache, expected, 1, SOUND);
    assert_eq!(found(&cache, get("http://h/large")).unwrap().len(), LARGE);
}

#[test]
fn rows_of_bodies_that_lead_nowhere_and_files_that_no_row_names_go() {
    let directory = Directory::new();
    let cache = filled(&directory);
    put(&directory, Table::Bodies, &[3; 16], &[7; 32]);
    put(&directory, Table::Bodies, b"no id", b"no row");
    let expected = Verification {
        dangling_bodies: 2,
        ..SOUND
    };
    expect(&cache, expected, 2, SOUND);
    let bodies = directory.generation().join("bodies");
    let (young, old) = (bodies.join("11".repeat(16)), bodies.join("22".repeat(16)));
    for file in [&young, &old] {
        std::fs::write(file, b"x").unwrap();
    }
    assert_eq!(verify(&cache, true), SOUND);
    let file = std::fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .unwrap();
    let expected = Verification {
        orphan_bodies: 1,
        ..SOUND
    };
    expect(&cache, expected, 1, SOUND);
    assert!(young.exists() && !old.exists());
}

#[test]
fn lists_of_variants_are_written_anew() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let (list, variants) = list_and_variants(&directory);
    let good = value_of(&directory, Table::Records, &list);
    let all = |expected: &[&str]| {
        let found = ["en", "de", "fr"]
            .into_iter()
            .filter(|language| variant(&cache, language).is_some());
        assert_eq!(found.collect::<Vec<_>>(), expected);
    };
    let expected = Verification {
        damaged_lists: 1,
        ..SOUND
    };
    // A list that cannot be read.
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    put(&directory, Table::Records, &list, &bad);
    all(&[]);
    expect(&cache, expected, 1, SOUND);
    all(&["en", "de", "fr"]);
    // None at all, and the number of lists is right nevertheless.
    delete(&directory, Table::Records, &list);
    assert_eq!(
        verify(&cache, false),
        Verification {
            damaged_marks: 1,
            ..expected
        }
    );
    verify(&cache, true);
    assert_eq!(verify(&cache, true), SOUND);
    all(&["en", "de", "fr"]);
    assert_eq!(responses(&cache), 5);
    // One that names a variant that is not there.
    let gone = value_of(&directory, Table::Records, &variants[0]);
    delete(&directory, Table::Records, &variants[0]);
    let one_less = Verification {
        records: 4,
        ..SOUND
    };
    expect(
        &cache,
        Verification {
            damaged_lists: 1,
            ..one_less
        },
        1,
        one_less,
    );
    // And one that does not name a variant that is there.
    put(&directory, Table::Records, &variants[0], &gone);
    expect(&cache, expected, 1, SOUND);
    all(&["en", "de", "fr"]);
    // The newest are still the last ones.
    let cache = directory.open(|s| s.set(option::MAX_VARIANTS, 2).unwrap());
    store_variant(&directory, &cache, "it");
    assert!(variant(&cache, "fr").is_some() && variant(&cache, "de").is_none());
}

#[test]
fn variants_beside_a_record_that_stands_alone_go() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let (list, variants) = list_and_variants(&directory);
    let alone = value_of(&directory, Table::Records, &variants[2]);
    put(&directory, Table::Records, &list, &alone);
    let is = verify(&cache, false);
    assert_eq!((is.records, is.damaged_lists, is.damaged_marks), (6, 1, 1));
    verify(&cache, true);
    assert_eq!(
        verify(&cache, true),
        Verification {
            records: 3,
            ..SOUND
        }
    );
    assert_eq!(responses(&cache), 3);
}

#[test]
fn marks_are_looked_at() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let path = [[1; 16].as_slice(), b"q"].concat();
    let group = [[1; 16].as_slice(), b"g"].concat();
    let own_key = [b"k", [1; 16].as_slice(), [2; 32].as_slice()].concat();
    put(&directory, Table::Marks, &path, b"\xff");
    put(&directory, Table::Marks, &group, b"short");
    put(&directory, Table::Marks, &[9; 16], b"");
    put(&directory, Table::Marks, &own_key, b"");
    put(&directory, Table::Marks, b"of a later version", b"?");
    let expected = Verification {
        damaged_marks: 3,
        dangling_marks: 1,
        ..SOUND
    };
    expect(&cache, expected, 4, SOUND);
    assert_eq!(
        value_of(&directory, Table::Marks, b"of a later version"),
        b"?"
    );
    put(
        &directory,
        Table::Marks,
        b"lists of variants",
        &7_u64.to_le_bytes(),
    );
    let expected = Verification {
        damaged_marks: 1,
        ..SOUND
    };
    expect(&cache, expected, 1, SOUND);
}

#[test]
fn it_may_be_cancelled() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let mut found = Verification::default();
    let mut calls = Vec::new();
    let error = cache.verify(true, &mut found, &mut |done, total| {
        calls.push((done, total));
        false
    });
    assert_eq!(error.unwrap_err().kind(), Kind::Cancelled);
    assert_eq!(calls, [(6, 6)]);
    assert_eq!(found, SOUND);
}

#[test]
fn who_may_not_write_may_verify_and_not_mend() {
    let directory = Directory::new();
    filled(&directory);
    let reader = directory.open(|s| s.set(option::READ_ONLY, 1).unwrap());
    assert_eq!(verify(&reader, false), SOUND);
    let mut found = Verification::default();
    let error = reader.verify(true, &mut found, &mut |_, _| true);
    assert_eq!(error.unwrap_err().kind(), Kind::ReadOnly);
}

#[test]
fn what_is_stored_and_deleted_meanwhile_is_no_damage() {
    let directory = Directory::new();
    let cache = filled(&directory);
    let (ended, writer) = (Arc::new(AtomicBool::new(false)), cache.clone());
    let (is_over, large) = (ended.clone(), "x".repeat(LARGE));
    let thread = std::thread::spawn(move || {
        let mut round = 0;
        while !is_over.load(Ordering::Relaxed) {
            round += 1;
            let number = round % 7;
            let url = format!("http://h/{number}");
            let body = if round % 2 == 0 {
                large.as_str()
            } else {
                "small"
            };
            let asks = [
                ("Accept", if round % 3 == 0 { "a" } else { "b" }),
                ("Cache-Control", "no-cache"),
            ];
            let mut exchange = writer
                .lookup(&Arc::new(request(&format!("GET {url}"), &asks)))
                .unwrap();
            exchange
                .store(&answer(&[("Vary", "Accept")], body.as_bytes()))
                .unwrap();
            if round % 5 == 0 {
                let key = writer
                    .key(&Arc::new(get(&url)))
                    .unwrap()
                    .unwrap()
                    .to_string();
                let key = httpcache::key::printed::Printed::read(key.as_bytes()).unwrap();
                writer.delete(&key).unwrap();
            }
        }
        assert!(round > 10);
        assert_eq!(writer.statistics().unwrap().errors, 0);
    });
    for round in 0..60 {
        let is = verify(&cache, round % 2 == 0);
        let found = Verification {
            records: is.records,
            bodies: is.bodies,
            ..Verification::default()
        };
        assert_eq!(is, found);
    }
    ended.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    let is = verify(&cache, true);
    assert_eq!(is.records, responses(&cache));
    assert_eq!(walked(&cache, Query::default()).len() as u64, is.records);
}
