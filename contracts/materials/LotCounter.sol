// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {References} from "../libraries/References.sol";
import {ParcelBook} from "./ParcelBook.sol";

/// @title LotCounter
/// @notice Where lots and parcels are read and commissioned; what is done with them at rest is passed on to the office.
abstract contract LotCounter is IMaterialLedger, ParcelBook {
    /// @notice The code of the acts that stand under "the office".
    address public immutable office;

    constructor(address accessManager, address participantRegistry, address materialOffice)
        ParcelBook(accessManager, participantRegistry)
    {
        office = References.required(materialOffice);
    }

    // --- reads ---

    /// @inheritdoc IMaterialLedger
    function material(uint64 gtin) external view returns (Material memory) {
        return _knownMaterial(gtin);
    }

    /// @inheritdoc IMaterialLedger
    function lot(uint64 id) external view returns (Lot memory) {
        LotRecord storage record = _knownLot(id);
        return Lot({
            maker: record.maker,
            commissionedAt: record.commissionedAt,
            expiry: record.expiry,
            kind: record.kind,
            material: record.material,
            quantity: record.quantity,
            earmarkKind: record.earmarkKind,
            earmarkScope: _scopeOf(id, record)
        });
    }

    /// @inheritdoc IMaterialLedger
    function stockOf(uint64 parcelId) external view returns (Stock memory stock) {
        Parcel storage record = _knownParcel(parcelId);
        LotRecord storage kept = _lots[record.lot];
        stock.lot = record.lot;
        stock.units = record.units - record.promised;
        stock.state = _stateOf(record);
        stock.material = kept.material;
        stock.expiry = kept.expiry;
        stock.earmarkKind = kept.earmarkKind;
        stock.earmarkScope = _scopeOf(stock.lot, kept);
    }

    /// @inheritdoc IMaterialLedger
    function earmarkOf(uint64 lotId) external view returns (Earmark memory) {
        LotRecord storage record = _knownLot(lotId);
        return Earmark(record.earmarkKind, _scopeOf(lotId, record));
    }

    /// @inheritdoc IMaterialLedger
    function fateOf(uint64 lotId) external view returns (Fate memory fate) {
        LotRecord storage record = _knownLot(lotId);
        uint64[9] memory units = _units[lotId];
        uint64 moved = record.offered;
        for (uint256 i; i < units.length; ++i) {
            moved += units[i];
        }
        fate.held = record.quantity - moved;
        fate.offered = record.offered;
        fate.allocated = units[0];
        fate.inTransit = units[1];
        fate.delivered = units[2];
        fate.distributed = units[3];
        fate.quarantined = units[4];
        fate.returned = units[5];
        fate.destroyed = units[6];
        fate.lost = units[7];
        fate.transformed = units[8];
    }

    /// @inheritdoc IMaterialLedger
    function parentsOf(uint64 lotId) external view returns (uint64[] memory) {
        return _firstAncestors(lotId, _knownLot(lotId).parents);
    }

    /// @inheritdoc IMaterialLedger
    function ancestorsOf(uint64 lotId) external view returns (uint64[] memory) {
        return _firstAncestors(lotId, _knownLot(lotId).ancestors);
    }

    /// @inheritdoc IMaterialLedger
    function isRecalled(uint64 lotId) external view returns (bool) {
        return _recalledIn(lotId, _knownLot(lotId)) != 0;
    }

    /// @inheritdoc IMaterialLedger
    function head() external view returns (bytes32) {
        return _head;
    }

    /// @inheritdoc IMaterialLedger
    function lotCount() external view returns (uint64) {
        return _lotCount;
    }

    /// @inheritdoc IMaterialLedger
    function parcelCount() external view returns (uint64) {
        return _parcelCount;
    }

    /// @inheritdoc IMaterialLedger
    function recallEpoch() external view returns (uint32) {
        return _recallEpoch;
    }

    /// @inheritdoc IMaterialLedger
    function recalledBy(uint64 lotId) external view returns (address) {
        return _recallers[lotId];
    }

    /// @inheritdoc IMaterialLedger
    function quarantineOf(uint64 parcelId) external view returns (Quarantine memory) {
        return _quarantines[parcelId];
    }

    // --- suppliers ---

    /// @inheritdoc IMaterialLedger
    function commission(Commission calldata) external returns (uint64, uint64) {
        _toOffice();
    }

    // --- the office: makers, custodians, auditors, cataloguer ---

    /// @inheritdoc IMaterialLedger
    function defineMaterial(Material calldata) external restricted {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function recall(uint64, bytes32, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function liftRecall(uint64, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function recordStep(uint64, bytes32, uint32, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function split(uint64, uint64) external returns (uint64) {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function distribute(uint64, uint64, bytes32, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function merge(uint64, uint64) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function quarantine(uint64, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function releaseFromQuarantine(uint64, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function restock(uint64) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function reportLoss(uint64, uint64, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function destroy(uint64, bytes32) external {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function transform(uint64, Part[] calldata, Commission[] calldata)
        external
        returns (uint64[] memory, uint64[] memory)
    {
        _toOffice();
    }

    // --- internal reads ---

    function _firstAncestors(uint64 lotId, uint256 count)
        private
        view
        returns (uint64[] memory lots)
    {
        lots = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            lots[i] = _ancestors[lotId][i];
        }
    }

    // --- internal writes ---

    /// @dev Runs the office's function of the same name, which answers the caller itself.
    function _toOffice() internal {
        _run(office);
    }

    /// @dev Runs the function of the same name there.
    function _run(address target) internal {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
