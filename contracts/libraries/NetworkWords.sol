// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";

/// @dev What a leg asks of a station, in one word. From the lowest bit: operator (160), tier (8), coldest (16), warmest (16), rooms (8),
/// open hours (24), throughput (8), recognised (1).
type StationWord is uint256;

/// @dev Whose a vehicle is and what it keeps. From the lowest bit: carrier (160), tier (8), coldest (16), warmest (16), line (32).
type VehicleWord is uint256;

/// @dev What a vehicle carries and asks. From the lowest bit: units (64), kilograms (32), litres (32), range (32), licences (32).
type HoldWord is uint256;

/// @dev A crew. From the lowest bit: carrier (160), line (32), licences (32), hours in a row (8), hours in a day (8).
type CrewWord is uint256;

using NetworkWords for StationWord global;
using NetworkWords for VehicleWord global;
using NetworkWords for HoldWord global;
using NetworkWords for CrewWord global;

/// @title NetworkWords
/// @notice Reads and makes the words in which stations, vehicles and crews are kept, so that a leg reads each once.
library NetworkWords {
    uint256 private constant _RECOGNISED = 1 << 240;

    // --- stations ---

    /// @notice The word of a station, not recognised.
    function pack(ILogisticsNetwork.Station calldata self) internal pure returns (StationWord) {
        uint256 word = uint256(self.throughput) << 232 | uint256(self.openHours) << 208
            | uint256(self.rooms) << 200;
        return StationWord.wrap(
            word | _head(self.operator, self.tier, self.temperatureMin, self.temperatureMax)
        );
    }

    /// @notice Who runs it; zero when there is no such station.
    function operator(StationWord self) internal pure returns (address) {
        return address(uint160(StationWord.unwrap(self)));
    }

    function tier(StationWord self) internal pure returns (ILogisticsNetwork.Tier) {
        return _tier(StationWord.unwrap(self));
    }

    function coldest(StationWord self) internal pure returns (int16) {
        return int16(uint16(StationWord.unwrap(self) >> 168));
    }

    function warmest(StationWord self) internal pure returns (int16) {
        return int16(uint16(StationWord.unwrap(self) >> 184));
    }

    function rooms(StationWord self) internal pure returns (uint8) {
        return uint8(StationWord.unwrap(self) >> 200);
    }

    function openHours(StationWord self) internal pure returns (uint24) {
        return uint24(StationWord.unwrap(self) >> 208);
    }

    function throughput(StationWord self) internal pure returns (uint8) {
        return uint8(StationWord.unwrap(self) >> 232);
    }

    function recognised(StationWord self) internal pure returns (bool) {
        return StationWord.unwrap(self) & _RECOGNISED != 0;
    }

    /// @notice The word of the same station, recognised or not.
    function withRecognised(StationWord self, bool isRecognised)
        internal
        pure
        returns (StationWord)
    {
        uint256 word = StationWord.unwrap(self) & ~_RECOGNISED;
        return StationWord.wrap(isRecognised ? word | _RECOGNISED : word);
    }

    // --- vehicles ---

    /// @notice The words of a vehicle. @param place Its place among its carrier's.
    function pack(ILogisticsNetwork.Vehicle calldata self, uint32 place)
        internal
        pure
        returns (VehicleWord, HoldWord)
    {
        uint256 head = uint256(place) << 200
            | _head(self.carrier, self.tier, self.temperatureMin, self.temperatureMax);
        uint256 hold = uint256(self.licences) << 160 | uint256(self.range) << 128
            | uint256(self.volume) << 96 | uint256(self.weight) << 64 | self.capacity;
        return (VehicleWord.wrap(head), HoldWord.wrap(hold));
    }

    /// @notice Who runs it; zero when there is no such vehicle.
    function carrier(VehicleWord self) internal pure returns (address) {
        return address(uint160(VehicleWord.unwrap(self)));
    }

    function tier(VehicleWord self) internal pure returns (ILogisticsNetwork.Tier) {
        return _tier(VehicleWord.unwrap(self));
    }

    function coldest(VehicleWord self) internal pure returns (int16) {
        return int16(uint16(VehicleWord.unwrap(self) >> 168));
    }

    function warmest(VehicleWord self) internal pure returns (int16) {
        return int16(uint16(VehicleWord.unwrap(self) >> 184));
    }

    function line(VehicleWord self) internal pure returns (uint32) {
        return uint32(VehicleWord.unwrap(self) >> 200);
    }

    function units(HoldWord self) internal pure returns (uint64) {
        return uint64(HoldWord.unwrap(self));
    }

    function weight(HoldWord self) internal pure returns (uint32) {
        return uint32(HoldWord.unwrap(self) >> 64);
    }

    function volume(HoldWord self) internal pure returns (uint32) {
        return uint32(HoldWord.unwrap(self) >> 96);
    }

    function range(HoldWord self) internal pure returns (uint32) {
        return uint32(HoldWord.unwrap(self) >> 128);
    }

    function licences(HoldWord self) internal pure returns (uint32) {
        return uint32(HoldWord.unwrap(self) >> 160);
    }

    // --- crews ---

    /// @notice The word of a crew. @param place Its place among its carrier's.
    function pack(ILogisticsNetwork.Crew calldata self, uint32 place)
        internal
        pure
        returns (CrewWord)
    {
        return CrewWord.wrap(
            uint256(self.hoursInDay) << 232 | uint256(self.hoursInRow) << 224
                | uint256(self.licences) << 192 | uint256(place) << 160
                | uint256(uint160(self.carrier))
        );
    }

    /// @notice Whose it is; zero when there is no such crew.
    function carrier(CrewWord self) internal pure returns (address) {
        return address(uint160(CrewWord.unwrap(self)));
    }

    function line(CrewWord self) internal pure returns (uint32) {
        return uint32(CrewWord.unwrap(self) >> 160);
    }

    function licences(CrewWord self) internal pure returns (uint32) {
        return uint32(CrewWord.unwrap(self) >> 192);
    }

    function hoursInRow(CrewWord self) internal pure returns (uint8) {
        return uint8(CrewWord.unwrap(self) >> 224);
    }

    function hoursInDay(CrewWord self) internal pure returns (uint8) {
        return uint8(CrewWord.unwrap(self) >> 232);
    }

    // --- both ---

    function _head(address owner, ILogisticsNetwork.Tier kind, int16 min, int16 max)
        private
        pure
        returns (uint256)
    {
        return uint256(uint16(max)) << 184 | uint256(uint16(min)) << 168 | uint256(kind) << 160
            | uint256(uint160(owner));
    }

    function _tier(uint256 word) private pure returns (ILogisticsNetwork.Tier) {
        return ILogisticsNetwork.Tier(uint8(word >> 160));
    }
}
