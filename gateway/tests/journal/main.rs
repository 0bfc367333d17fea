//! What any engine of the journal must pass: kept and found again, killed, cut off from power, damaged, full, evicted.
//! Every test is written over the trait `Store`; sled runs it. No mocks: real folders, processes, file systems.

#[cfg(test)]
mod carried;
#[cfg(test)]
mod child;
#[cfg(test)]
mod damaged;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod evicted;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod full;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod late;
#[cfg(test)]
mod power;
