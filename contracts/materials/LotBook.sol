// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";

/// @title LotBook
/// @notice Materials and lots: what was made or received together, from what, and whether it may be used.
/// @dev A recall costs the same however many lots descend from the one recalled: it sets that lot's flag and raises
/// `recallEpoch`. A lot without ancestors needs no more than its own flag; another remembers the epoch at which its
/// ancestors were last found clear, and reads at most `MAX_ANCESTORS` of them again when the epoch has moved.
abstract contract LotBook is AccessManaged {
    /// @dev A lot as it is kept; its earmark's scope stands apart, for those that have one.
    struct LotRecord {
        address maker; // slot 0
        uint40 commissionedAt;
        IMaterialLedger.LotKind kind;
        uint48 material; // a GTIN has at most 14 digits
        uint64 quantity; // slot 1
        uint64 offered;
        uint40 expiry;
        uint32 clearedAt; // the epoch at which no ancestor was recalled
        IMaterialLedger.EarmarkKind earmarkKind;
        bool recalled;
        uint8 ancestors;
        uint8 parents; // the first of the ancestors
    }

    /// @notice Most distinct ancestors of a lot, its parents among them.
    uint256 public constant MAX_ANCESTORS = 32;

    /// @dev What a parcel can count.
    uint64 private constant _MOST_UNITS = type(uint56).max;

    /// @dev The first state with a counter in `_units`: `HELD` is what the others leave, `OFFERED` stands in the lot.
    uint256 private constant _COUNTED = uint256(IMaterialLedger.ParcelState.ALLOCATED);

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    bytes32 internal _head;

    uint64 internal _lotCount;

    uint64 internal _parcelCount;

    uint32 internal _recallEpoch;

    mapping(uint64 gtin => IMaterialLedger.Material) internal _materials;

    mapping(uint64 lotId => LotRecord) internal _lots;

    mapping(uint64 lotId => bytes32) internal _scopes;

    /// @dev Units by `ParcelState` from `ALLOCATED` on, four counters to a word.
    mapping(uint64 lotId => uint64[9]) internal _units;

    /// @dev Parents first; four to a word.
    mapping(uint64 lotId => uint64[MAX_ANCESTORS]) internal _ancestors;

    mapping(uint64 lotId => address) internal _recallers;

    constructor(address accessManager, address participantRegistry)
        AccessManaged(References.required(accessManager))
    {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- shared reads ---

    function _isExpired(uint64 lotId, uint256 at) internal view returns (bool) {
        uint40 expiry = _lots[lotId].expiry;
        return expiry != 0 && expiry <= at;
    }

    function _checkExpiry(uint64 lotId) internal view {
        if (_isExpired(lotId, block.timestamp)) {
            revert IMaterialLedger.LotExpired(lotId, _lots[lotId].expiry);
        }
    }

    /// @dev The lot itself or the first of its ancestors that is recalled; zero when none is.
    function _recalledIn(uint64 lotId) internal view returns (uint64) {
        return _recalledIn(lotId, _lots[lotId]);
    }

    function _recalledIn(uint64 lotId, LotRecord storage record) internal view returns (uint64) {
        if (record.recalled) return lotId;
        uint256 count = record.ancestors;
        if (count == 0 || record.clearedAt == _recallEpoch) return 0;
        uint64[MAX_ANCESTORS] storage line = _ancestors[lotId];
        for (uint256 i; i < count; ++i) {
            uint64 ancestor = line[i];
            if (_lots[ancestor].recalled) return ancestor;
        }
        return 0;
    }

    function _knownMaterial(uint64 gtin)
        internal
        view
        returns (IMaterialLedger.Material storage record)
    {
        record = _materials[gtin];
        if (!record.defined) revert IMaterialLedger.UnknownMaterial(gtin);
    }

    function _knownLot(uint64 id) internal view returns (LotRecord storage record) {
        record = _lots[id];
        if (record.kind == IMaterialLedger.LotKind.NULL) revert IMaterialLedger.UnknownLot(id);
    }

    function _scopeOf(uint64 lotId, LotRecord storage record) internal view returns (bytes32) {
        return record.earmarkKind == IMaterialLedger.EarmarkKind.NONE ? bytes32(0) : _scopes[lotId];
    }

    function _checkCommission(IMaterialLedger.Commission calldata request) private view {
        uint256 shelfLife = _knownMaterial(request.material).shelfLife;
        if (request.quantity == 0) revert IMaterialLedger.ZeroQuantity();
        if (request.quantity > _MOST_UNITS) {
            revert IMaterialLedger.QuantityTooLarge(request.quantity, _MOST_UNITS);
        }
        uint40 expiry = request.expiry;
        if (shelfLife == 0) {
            if (expiry != 0) revert IMaterialLedger.ExpiryBeyondShelfLife(expiry, 0);
            return;
        }
        if (expiry <= block.timestamp) revert IMaterialLedger.ExpiryInPast(expiry);
        if (expiry > block.timestamp + shelfLife) {
            revert IMaterialLedger.ExpiryBeyondShelfLife(
                expiry, uint40(block.timestamp + shelfLife)
            );
        }
    }

    // --- shared writes ---

    /// @dev Emits what is given and chains it to the head, so that nothing can be told that the head does not prove.
    /// @param record The event's topics, each a word, then its data as the ABI has it.
    /// @param topics How many topics: 2 to 4.
    function _tell(bytes memory record, uint256 topics) internal {
        _head = keccak256(abi.encode(_head, keccak256(record)));
        assembly ("memory-safe") {
            let first := add(record, 0x20)
            let skipped := mul(topics, 0x20)
            let data := add(first, skipped)
            let size := sub(mload(record), skipped)
            switch topics
            case 2 { log2(data, size, mload(first), mload(add(first, 0x20))) }
            case 3 {
                log3(data, size, mload(first), mload(add(first, 0x20)), mload(add(first, 0x40)))
            }
            default {
                log4(
                    data,
                    size,
                    mload(first),
                    mload(add(first, 0x20)),
                    mload(add(first, 0x40)),
                    mload(add(first, 0x60))
                )
            }
        }
    }

    /// @dev The lot's units are held: no counter to write.
    function _createLot(
        IMaterialLedger.Commission calldata request,
        IMaterialLedger.LotKind kind,
        address maker,
        IMaterialLedger.Earmark memory earmark
    ) internal returns (uint64 lotId) {
        _checkCommission(request);
        lotId = ++_lotCount;
        _lots[lotId] = LotRecord({
            maker: maker,
            commissionedAt: uint40(block.timestamp),
            kind: kind,
            material: uint48(request.material),
            quantity: request.quantity,
            offered: 0,
            expiry: request.expiry,
            clearedAt: 0,
            earmarkKind: earmark.kind,
            recalled: false,
            ancestors: 0,
            parents: 0
        });
        if (earmark.scope != 0) _scopes[lotId] = earmark.scope;
    }

    /// @dev Refuses what is recalled, and remembers what is not until the next recall of anything.
    function _checkRecall(uint64 lotId) internal {
        LotRecord storage record = _lots[lotId];
        uint64 recalled = _recalledIn(lotId, record);
        if (recalled != 0) revert IMaterialLedger.LotRecalled(recalled);
        if (record.ancestors == 0) return;
        uint32 epoch = _recallEpoch;
        if (record.clearedAt != epoch) record.clearedAt = epoch;
    }

    function _shift(
        uint64 lotId,
        IMaterialLedger.ParcelState from,
        IMaterialLedger.ParcelState to,
        uint64 units
    ) internal {
        if (from == IMaterialLedger.ParcelState.OFFERED) {
            _lots[lotId].offered -= units;
        } else if (from != IMaterialLedger.ParcelState.HELD) {
            _units[lotId][uint256(from) - _COUNTED] -= units;
        }
        if (to == IMaterialLedger.ParcelState.OFFERED) {
            _lots[lotId].offered += units;
        } else if (to != IMaterialLedger.ParcelState.HELD) {
            _units[lotId][uint256(to) - _COUNTED] += units;
        }
    }

    function _nextParcel() internal returns (uint64) {
        return ++_parcelCount;
    }
}
