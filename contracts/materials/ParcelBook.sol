// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";

/// @title ParcelBook
/// @notice Materials, lots and parcels at rest: what there is, in whose hands, in which state.
/// @dev A parcel that rides in a load has no custodian, time or state of its own; what the load says comes from the heir.
abstract contract ParcelBook is IMaterialLedger, AccessManaged {
    uint256 private constant _GTIN_LIMIT = 1e14;

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    /// @inheritdoc IMaterialLedger
    uint64 public lotCount;

    /// @inheritdoc IMaterialLedger
    uint64 public parcelCount;

    mapping(uint64 gtin => Material) private _materials;

    mapping(uint64 lotId => Lot) private _lots;

    /// @dev Units by `ParcelState`, four counters to a word.
    mapping(uint64 lotId => uint64[12]) private _units;

    mapping(uint64 parcelId => Parcel) internal _parcels;

    constructor(address accessManager, address participantRegistry)
        AccessManaged(References.required(accessManager))
    {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- reads ---

    /// @inheritdoc IMaterialLedger
    function material(uint64 gtin) external view returns (Material memory) {
        return _knownMaterial(gtin);
    }

    /// @inheritdoc IMaterialLedger
    function lot(uint64 id) external view returns (Lot memory) {
        return _knownLot(id);
    }

    /// @inheritdoc IMaterialLedger
    function earmarkOf(uint64 lotId) external view returns (Earmark memory) {
        Lot storage record = _knownLot(lotId);
        return Earmark(record.earmarkKind, record.earmarkScope);
    }

    /// @inheritdoc IMaterialLedger
    function fateOf(uint64 lotId) external view returns (Fate memory) {
        _knownLot(lotId);
        uint64[12] storage units = _units[lotId];
        return Fate({
            held: units[uint256(ParcelState.HELD)],
            offered: units[uint256(ParcelState.OFFERED)],
            allocated: units[uint256(ParcelState.ALLOCATED)],
            inTransit: units[uint256(ParcelState.IN_TRANSIT)],
            delivered: units[uint256(ParcelState.DELIVERED)],
            distributed: units[uint256(ParcelState.DISTRIBUTED)],
            quarantined: units[uint256(ParcelState.QUARANTINED)],
            returned: units[uint256(ParcelState.RETURNED)],
            destroyed: units[uint256(ParcelState.DESTROYED)],
            lost: units[uint256(ParcelState.LOST)],
            transformed: units[uint256(ParcelState.TRANSFORMED)]
        });
    }

    // --- cataloguer ---

    /// @inheritdoc IMaterialLedger
    function defineMaterial(Material calldata definition) external restricted {
        uint64 gtin = definition.gtin;
        if (
            !_isGtin(gtin) || definition.temperatureMin > definition.temperatureMax
                || definition.humidityMin > definition.humidityMax
        ) revert BadMaterial(gtin);
        if (_materials[gtin].defined) revert MaterialExists(gtin);
        Material memory record = definition;
        record.defined = true;
        _materials[gtin] = record;
        emit MaterialDefined(gtin, record);
    }

    // --- suppliers, custodians, auditors ---

    /// @inheritdoc IMaterialLedger
    function commission(Commission calldata request)
        external
        returns (uint64 lotId, uint64 parcelId)
    {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.SUPPLIER);
        return
            _commission(
                request, LotKind.SUPPLY, msg.sender, msg.sender, Earmark(EarmarkKind.NONE, 0)
            );
    }

    /// @inheritdoc IMaterialLedger
    function split(uint64 parcelId, uint64 units) external returns (uint64 child) {
        Parcel storage record = _knownParcel(parcelId);
        ParcelState state = _stateOf(record);
        if (state != ParcelState.HELD && state != ParcelState.DELIVERED) {
            revert WrongState(parcelId, state);
        }
        _checkCustodian(parcelId, record, msg.sender);
        if (units >= record.units) revert TooManyUnits(parcelId, units, record.units);
        return _splitOff(parcelId, record, units);
    }

    /// @inheritdoc IMaterialLedger
    function distribute(uint64 parcelId, uint64 units, bytes32 ward, bytes32 listHash) external {
        Parcel storage record = _atRest(parcelId, ParcelState.DELIVERED);
        _checkCustodian(parcelId, record, msg.sender);
        // Not `requireActive`: a suspended recipient may still hand out what it holds.
        uint256 recipients = 1 << uint256(IParticipantRegistry.Role.RECIPIENT);
        if (registry.participant(msg.sender).roles & recipients == 0) {
            revert IParticipantRegistry.NotActive(msg.sender, IParticipantRegistry.Role.RECIPIENT);
        }
        uint64 handedOut = _moveUnits(parcelId, record, units, ParcelState.DISTRIBUTED);
        emit UnitsDistributed(handedOut, units, ward, listHash);
    }

    /// @inheritdoc IMaterialLedger
    function releaseFromQuarantine(uint64 parcelId, bytes32 evidence) external {
        if (evidence == 0) revert NoEvidence();
        Parcel storage record = _atRest(parcelId, ParcelState.QUARANTINED);
        if (
            !registry.isActive(msg.sender, IParticipantRegistry.Role.AUDITOR)
                || registry.participant(msg.sender).organisation
                    == registry.participant(record.custodian).organisation
        ) revert NotAuditor(msg.sender);
        _move(parcelId, record, ParcelState.DELIVERED);
        emit QuarantineLifted(parcelId, msg.sender, evidence);
    }

    /// @inheritdoc IMaterialLedger
    function destroy(uint64 parcelId, bytes32 evidence) external {
        if (evidence == 0) revert NoEvidence();
        Parcel storage record = _knownParcel(parcelId);
        ParcelState state = _stateOf(record);
        if (
            state != ParcelState.QUARANTINED && state != ParcelState.RETURNED
                && state != ParcelState.HELD
        ) {
            revert WrongState(parcelId, state);
        }
        _checkCustodian(parcelId, record, msg.sender);
        _move(parcelId, record, ParcelState.DESTROYED);
        emit ParcelDestroyed(parcelId, msg.sender, evidence);
    }

    // --- shared reads ---

    /// @dev The state of what rides in the load of a consignment.
    function _loadState(uint64 consignment) internal view virtual returns (ParcelState);

    function _knownParcel(uint64 id) internal view returns (Parcel storage record) {
        record = _parcels[id];
        if (record.state == ParcelState.NULL) revert UnknownParcel(id);
    }

    function _stateOf(Parcel storage record) internal view returns (ParcelState) {
        uint64 consignment = record.consignment;
        return consignment == 0 ? record.state : _loadState(consignment);
    }

    /// @dev The parcel, which must be in `state`.
    function _atRest(uint64 id, ParcelState state) internal view returns (Parcel storage record) {
        record = _knownParcel(id);
        ParcelState present = _stateOf(record);
        if (present != state) revert WrongState(id, present);
    }

    function _checkCustodian(uint64 id, Parcel storage record, address who) internal view {
        if (record.custodian != who) revert NotCustodian(id, who, record.custodian);
    }

    function _checkExpiry(uint64 lotId) internal view {
        uint40 expiry = _lots[lotId].expiry;
        if (expiry != 0 && expiry <= block.timestamp) revert LotExpired(lotId, expiry);
    }

    function _knownMaterial(uint64 gtin) private view returns (Material storage record) {
        record = _materials[gtin];
        if (!record.defined) revert UnknownMaterial(gtin);
    }

    function _knownLot(uint64 id) private view returns (Lot storage record) {
        record = _lots[id];
        if (record.kind == LotKind.NULL) revert UnknownLot(id);
    }

    function _checkCommission(Commission calldata request) private view {
        uint256 shelfLife = _knownMaterial(request.material).shelfLife;
        if (request.quantity == 0) revert ZeroQuantity();
        uint40 expiry = request.expiry;
        if (shelfLife == 0) {
            if (expiry != 0) revert ExpiryBeyondShelfLife(expiry, 0);
            return;
        }
        if (expiry <= block.timestamp) revert ExpiryInPast(expiry);
        if (expiry > block.timestamp + shelfLife) {
            revert ExpiryBeyondShelfLife(expiry, uint40(block.timestamp + shelfLife));
        }
    }

    /// @dev GS1: at most 14 digits; weighted 1, 3, 1, ... from the right they add up to a multiple of ten.
    function _isGtin(uint64 gtin) private pure returns (bool) {
        if (gtin == 0 || gtin >= _GTIN_LIMIT) return false;
        uint256 sum;
        uint256 weight = 1;
        for (uint256 rest = gtin; rest != 0; rest /= 10) {
            sum += (rest % 10) * weight;
            weight = 4 - weight;
        }
        return sum % 10 == 0;
    }

    // --- shared writes ---

    function _commission(
        Commission calldata request,
        LotKind kind,
        address maker,
        address custodian,
        Earmark memory earmark
    ) internal returns (uint64 lotId, uint64 parcelId) {
        _checkCommission(request);
        lotId = ++lotCount;
        Lot memory record = Lot({
            maker: maker,
            commissionedAt: uint40(block.timestamp),
            expiry: request.expiry,
            kind: kind,
            material: request.material,
            quantity: request.quantity,
            earmarkKind: earmark.kind,
            earmarkScope: earmark.scope,
            evidence: request.evidence
        });
        _lots[lotId] = record;
        _units[lotId][uint256(ParcelState.HELD)] = request.quantity;

        Parcel memory first;
        first.custodian = custodian;
        first.since = uint40(block.timestamp);
        first.state = ParcelState.HELD;
        first.station = request.station;
        first.lot = lotId;
        first.units = request.quantity;
        parcelId = _create(first);
        _emitCommissioned(lotId, record, parcelId, custodian);
    }

    /// @dev Moves all of a parcel at rest.
    function _move(uint64 id, Parcel storage record, ParcelState to) internal {
        ParcelState from = record.state;
        record.state = to;
        _count(id, record, from, to, 0);
    }

    /// @dev Moves some units of a parcel at rest, split off unless they are all. Returns the parcel that holds them.
    function _moveUnits(uint64 id, Parcel storage record, uint64 units, ParcelState to)
        internal
        returns (uint64 moved)
    {
        if (units > record.units) revert TooManyUnits(id, units, record.units);
        moved = units == record.units ? id : _splitOff(id, record, units);
        _move(moved, _parcels[moved], to);
    }

    function _count(
        uint64 id,
        Parcel storage record,
        ParcelState from,
        ParcelState to,
        uint64 consignment
    ) internal {
        uint64 units = record.units;
        uint64[12] storage counters = _units[record.lot];
        counters[uint256(from)] -= units;
        counters[uint256(to)] += units;
        emit ParcelMoved(id, from, to, units, consignment);
    }

    function _emitCommissioned(uint64 lotId, Lot memory record, uint64 parcelId, address custodian)
        private
    {
        emit LotCommissioned(
            lotId,
            record.material,
            record.maker,
            parcelId,
            custodian,
            record.quantity,
            record.expiry,
            record.kind,
            record.evidence
        );
    }

    function _create(Parcel memory record) private returns (uint64 id) {
        id = ++parcelCount;
        _parcels[id] = record;
    }

    /// @dev The child has its own record from now on; `since` and the parent answer for the time before.
    function _splitOff(uint64 parcelId, Parcel storage record, uint64 units)
        private
        returns (uint64 child)
    {
        if (units == 0) revert ZeroQuantity();
        Parcel memory part = record;
        part.units = units;
        part.parent = parcelId;
        part.rides = 0;
        record.units -= units;
        child = _create(part);
        emit ParcelSplit(parcelId, child, units);
    }
}
