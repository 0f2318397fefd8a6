// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title PlanTable
/// @notice A table in memory of what a plan uses so far, found by key: vehicles, crews, hours of stations, parcels.
/// @dev Open addressing; the cells hold the items' places in memory.
library PlanTable {
    /// @notice What is known under a key; how much of it is used is the caller's matter.
    /// @param partner Of a vehicle its crew, of a crew its vehicle. @param from Station where the journey starts. @param units Units, loads or units aboard.
    struct Item {
        uint256 key;
        uint40 departure;
        uint40 until;
        uint32 partner;
        uint32 from;
        uint256 units;
        uint256 weight;
        uint256 volume;
    }

    struct Table {
        uint256[] cells;
    }

    /// @notice An empty table with room for `most` items.
    function create(uint256 most) internal pure returns (Table memory table) {
        uint256 size = 2;
        while (size < 2 * most) size *= 2;
        table.cells = new uint256[](size);
    }

    /// @notice The item under a key, all zero beside the key when it is new; what is written to it stays.
    function at(Table memory self, uint256 key) internal pure returns (Item memory item) {
        uint256[] memory cells = self.cells;
        uint256 mask = cells.length - 1;
        uint256 cell = uint256(keccak256(abi.encode(key))) & mask;
        while (true) {
            uint256 place = cells[cell];
            if (place == 0) {
                item.key = key;
                assembly ("memory-safe") {
                    place := item
                }
                cells[cell] = place;
                return item;
            }
            Item memory found;
            assembly ("memory-safe") {
                found := place
            }
            if (found.key == key) return found;
            cell = (cell + 1) & mask;
        }
    }
}
