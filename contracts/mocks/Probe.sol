// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Probe
/// @notice Has one of everything that an ABI can hold, for the tests of the client and of deployments.
contract Probe is AccessManaged {
    enum Mood {
        NULL,
        CALM,
        ALARMED
    }

    struct Point {
        int64 x;
        uint40 takenAt;
    }

    struct Track {
        uint64 id;
        Mood mood;
        bytes32 contentHash;
        string label;
        Point[] points;
        address owner;
        bytes raw;
        Point last;
        uint8[3] triple;
    }

    event Noted(uint64 indexed id, address indexed by, string label, Point last);
    event Labelled(string indexed label, Mood indexed mood, uint256 value);

    error TooMany(uint256 given, uint256 most);
    error NotOwner(address caller, bytes32 contentHash);
    error Refused(string why);

    Probe public immutable other;
    uint256 public count;

    constructor(address accessManager, Probe other_, uint256 first) AccessManaged(accessManager) {
        if (first > 99) revert TooMany(first, 99);
        other = other_;
        count = first;
    }

    /// @notice Returns what it is given.
    function echo(Track calldata track) external pure returns (Track memory) {
        return track;
    }

    /// @notice Returns all that it is given, one by one.
    function echoAll(
        int16 small,
        uint256 large,
        bool flag,
        bytes4 tag,
        string[] calldata words,
        Track[] calldata tracks,
        uint64[][2] calldata grid
    )
        external
        pure
        returns (
            int16 small_,
            uint256 large_,
            bool flag_,
            bytes4 tag_,
            string[] memory words_,
            Track[] memory tracks_,
            uint64[][2] memory grid_
        )
    {
        return (small, large, flag, tag, words, tracks, grid);
    }

    /// @notice Returns the time of the block.
    function time() external view returns (uint256) {
        return block.timestamp;
    }

    /// @notice Writes the record's events down and counts.
    function note(Track calldata track) external returns (uint256) {
        emit Noted(track.id, msg.sender, track.label, track.last);
        emit Labelled(track.label, track.mood, ++count);
        return count;
    }

    /// @notice Takes wei.
    function pay() external payable returns (uint256) {
        return msg.value;
    }

    /// @notice Counts, but only when the count is `expected`; shows in which order transactions ran.
    function countFrom(uint256 expected) external {
        if (count != expected) revert TooMany(count, expected);
        ++count;
    }

    /// @notice Counts; only for a role.
    function guarded() external restricted {
        ++count;
    }

    /// @notice Fails in the way that `kind` names.
    function fail(uint256 kind) external view returns (uint256) {
        if (kind == 0) revert NotOwner(msg.sender, bytes32(kind));
        if (kind == 1) revert Refused("not today");
        // solhint-disable-next-line gas-custom-errors
        if (kind == 2) revert("in words");
        if (kind == 3) return kind - 4;
        if (kind == 4) return other.fail(0);
        if (kind == 5) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (kind == 6) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        if (kind == 7) {
            assembly ("memory-safe") {
                mstore(0, shl(224, 0xdeadbeef))
                revert(0, 4)
            }
        }
        return kind;
    }

    /// @notice Overloaded.
    function twice(uint256 value) external pure returns (uint256) {
        return value * 2;
    }

    /// @notice Overloaded.
    function twice(string calldata value) external pure returns (string memory) {
        return string.concat(value, value);
    }
}
