//! Opening a store: the steps in their order.

use std::path::Path;
use std::sync::Arc;

use super::directory::Root;
use super::generation::{Generation, Opening};
use super::lmdb::FIRST_MAP;
use super::lmdb::inherit::OfProcess;
use super::locks::{OpenLock, ReaderLock, WriterLock};
use super::lost::Flag;
use super::overlay::Overlay;
use super::owner::Owner;
use super::presence::{Presence, Surroundings};
use super::queue::Queue;
use super::registry::{Seat, Stores};
use super::shared::Shared;
use super::{Access, Durability, Notify, Parts, Store, StoreOptions, files};
use crate::error::{Error, Kind, Result};

/// The name of the file with the secret.
const SECRET: &str = "secret";

/// What an opening depends on besides its arguments.
pub(super) struct Setting {
    /// The machine.
    pub surroundings: Surroundings,
    /// Address space for the data file at first, in bytes.
    pub map: usize,
}

impl Setting {
    pub(super) fn of_this_process() -> Result<Self> {
        Ok(Setting {
            surroundings: Surroundings::of_this_process()?,
            map: FIRST_MAP,
        })
    }
}

/// Opens a store, or gives the one that this process has open already.
pub(super) fn open(
    path: &Path,
    options: &StoreOptions,
    setting: &Setting,
    notify: Notify<'_>,
) -> Result<Arc<Store>> {
    let mut notes = Vec::new();
    let opened = open_quietly(path, options, setting, &mut notes);
    // Only now, when no lock is held any more: it may call whatever it likes.
    notes.iter().for_each(|note| notify(note));
    opened
}

fn open_quietly(
    path: &Path,
    options: &StoreOptions,
    setting: &Setting,
    notes: &mut Vec<String>,
) -> Result<Arc<Store>> {
    let root = Root::enter(path)?;
    let (mut stores, open) = Stores::lock().find(root.identity);
    if let Some(store) = open {
        // The store may be closed by this very drop, which takes the same lock.
        drop(stores);
        if store.is_lost() {
            let why = "its data file failed, and is opened anew once nobody uses it any more";
            let message = format!("{}: {why}", root.path.display());
            return Err(Error::new(Kind::Io, message));
        }
        check_durability(&root.path, store.durability, options)?;
        if !options.read_only {
            store.writer()?;
        }
        return Ok(store);
    }
    let mut fresh = Fresh {
        root: &root,
        options,
        setting,
        notes,
    };
    let store = match fresh.open() {
        Err(error) if options.read_only && is_refused(&error) => fresh.open_to_read(&error)?,
        opened => opened?,
    };
    let store = Arc::new(store);
    stores.add(&store);
    Ok(store)
}

/// Whether an error says that nothing can be written.
fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), Kind::ReadOnly | Kind::Permission)
}

fn check_durability(path: &Path, has: Durability, options: &StoreOptions) -> Result<()> {
    match options.durability {
        Some(wanted) if wanted != has => Err(Error::new(
            Kind::Mismatch,
            format!(
                "{} was made with durability {}, and {} is asked for",
                path.display(),
                has.name(),
                wanted.name()
            ),
        )),
        _ => Ok(()),
    }
}

/// A directory that this process does not have open.
struct Fresh<'o> {
    root: &'o Root,
    options: &'o StoreOptions,
    setting: &'o Setting,
    notes: &'o mut Vec<String>,
}

impl Fresh<'_> {
    fn open(&mut self) -> Result<Store> {
        let path = &self.root.path;
        let _lock = OpenLock::acquire(path, self.options.writer_wait)?;
        let owner = Owner::read(path)?;
        if let Some(Some(owner)) = &owner {
            check_durability(path, owner.durability, self.options)?;
        }
        let (presence, others) = Presence::claim(path, self.setting.surroundings.namespace)?;
        let writer = WriterLock::open(path)?;
        let (secret, durability, is_new) = self.identify(owner, !others)?;
        let generation = self.open_generation(durability, !others, is_new)?;
        self.root.check_unmoved()?;
        Ok(Store {
            path: path.clone(),
            secret,
            durability,
            bodies: generation.path.join("bodies"),
            is_temporary: self.options.is_temporary,
            parts: OfProcess::new(Parts {
                shared: self.shared(generation, Access::Write(writer), durability),
                seat: Seat::new(self.root.identity, Some(presence)),
            }),
        })
    }

    /// Opens what is there and writes nothing, not even that it is open: whoever writes meanwhile is kept away from
    /// each read alone. `why` nothing can be written is the error where nothing is there.
    fn open_to_read(&mut self, why: &Error) -> Result<Store> {
        let path = &self.root.path;
        let Some(owner) = Owner::read(path)? else {
            return Err(why.clone());
        };
        let secret = read_secret(path)?;
        let (Some(owner), Some(secret)) = (owner, secret) else {
            return Err(damaged(path));
        };
        if owner.secret != digest(&secret) {
            return Err(damaged(path));
        }
        check_durability(path, owner.durability, self.options)?;
        let lock = ReaderLock::open(path, self.options.writer_wait)?;
        let generation = {
            // While it is held the data file does not change, and so can be examined as by one who is alone.
            let _reading = lock.acquire()?;
            self.opening(owner.durability, true).open_to_read()?
        };
        self.root.check_unmoved()?;
        Ok(Store {
            path: path.clone(),
            secret,
            durability: owner.durability,
            bodies: generation.path.join("bodies"),
            is_temporary: self.options.is_temporary,
            parts: OfProcess::new(Parts {
                shared: self.shared(generation, Access::Read(lock), owner.durability),
                seat: Seat::new(self.root.identity, None),
            }),
        })
    }

    fn shared(
        &self,
        generation: Generation,
        access: Access,
        durability: Durability,
    ) -> Arc<Shared> {
        Arc::new(Shared {
            path: self.root.path.clone(),
            bodies: generation.path.join("bodies"),
            generation,
            overlay: Overlay::default(),
            queue: Arc::new(Queue::new(self.options.writer_wait)),
            access,
            has_losses: Flag::default(),
            durability,
            may_start_thread: self.options.may_start_thread,
        })
    }

    /// The secret and the durability; the last is whether the directory has to start over, since what is
    /// in it, if anything, belongs to another secret.
    fn identify(
        &mut self,
        owner: Option<Option<Owner>>,
        alone: bool,
    ) -> Result<([u8; 32], Durability, bool)> {
        let path = &self.root.path;
        let secret = read_secret(path)?;
        let was_made = owner.is_some();
        if let (Some(Some(owner)), Some(secret)) = (&owner, secret)
            && owner.secret == digest(&secret)
        {
            return Ok((secret, owner.durability, false));
        }
        if !alone {
            let why = format!(
                "{} was damaged while other processes use it",
                path.display()
            );
            return Err(Error::new(Kind::Corrupt, why));
        }
        if was_made {
            let why = "its owner file or its secret is damaged or missing; the cache starts empty";
            self.notes.push(format!("{}: {why}", path.display()));
        }
        let had = owner.flatten().map(|owner| owner.durability);
        let durability = had.or(self.options.durability).unwrap_or(Durability::Safe);
        let secret = files::random()?;
        files::replace(path, SECRET, &secret)?;
        let Surroundings { boot, namespace } = self.setting.surroundings.clone();
        Owner {
            durability,
            boot,
            namespace,
            secret: digest(&secret),
        }
        .write(path)?;
        Ok((secret, durability, true))
    }

    fn opening(&mut self, durability: Durability, alone: bool) -> Opening<'_> {
        Opening {
            root: &self.root.path,
            durability,
            map: self.setting.map,
            surroundings: &self.setting.surroundings,
            alone,
            notes: self.notes,
        }
    }

    fn open_generation(
        &mut self,
        durability: Durability,
        alone: bool,
        is_new: bool,
    ) -> Result<Generation> {
        let mut opening = self.opening(durability, alone);
        let generation = if is_new {
            opening.start_over()?
        } else {
            opening.open()?
        };
        if alone {
            opening.sweep(&generation)?;
        }
        Ok(generation)
    }
}

fn read_secret(path: &Path) -> Result<Option<[u8; 32]>> {
    let secret = files::read_small(&path.join(SECRET), 64)?;
    Ok(secret.and_then(|bytes| bytes.try_into().ok()))
}

fn damaged(path: &Path) -> Error {
    let why = "its owner file or its secret is damaged or missing, and nothing can be written";
    Error::new(Kind::Corrupt, format!("{}: {why}", path.display()))
}

/// Tells one secret from another without telling anything about it.
fn digest(secret: &[u8; 32]) -> String {
    let digest = blake3::derive_key("libhttpcache id of a key secret", secret);
    files::hex(digest.first_chunk::<8>().unwrap_or(&[0; 8]))
}
