// SPDX-License-Identifier: Apache-2.0
fn main() {
    println!("colony with {:?}", std::env::args().skip(1).collect::<Vec<_>>());
}
