// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";

/// @title MaterialLedger
/// @notice The physical truth: materials, lots, parcels and loads, their states and their custody.
/// @dev A parcel that rides in a load has no custodian, time or state of its own: the load's count. So a handover
/// costs the same however many parcels ride, but for the first, which moves the lots' counters.
contract MaterialLedger is IMaterialLedger, AccessManaged {
    /// @dev Custody of a load that has ended.
    struct Span {
        address custodian; // slot 0
        uint40 since;
    }

    /// @notice Most parcels in a load.
    uint256 public constant MAX_PARCELS = 16;

    uint256 private constant _GTIN_LIMIT = 1e14;

    /// @notice Where participants are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice The only writer of offers and allocations.
    address public immutable demandEscrow;

    /// @notice The only writer of loads and custody.
    address public immutable freightEscrow;

    /// @notice The only writer of gifts.
    address public immutable donationRegistry;

    /// @inheritdoc IMaterialLedger
    uint64 public lotCount;

    /// @inheritdoc IMaterialLedger
    uint64 public parcelCount;

    mapping(uint64 gtin => Material) private _materials;

    mapping(uint64 lotId => Lot) private _lots;

    /// @dev Units by `ParcelState`, four counters to a word.
    mapping(uint64 lotId => uint64[12]) private _units;

    mapping(uint64 parcelId => Parcel) private _parcels;

    mapping(uint64 parcelId => mapping(uint16 index => Ride)) private _rides;

    mapping(uint64 consignment => Load) private _loads;

    mapping(uint64 consignment => uint64[]) private _aboard;

    /// @dev The spans before the present one, which is in the load.
    mapping(uint64 consignment => mapping(uint16 sequence => Span)) private _spans;

    constructor(
        address accessManager,
        address participantRegistry,
        address demandEscrow_,
        address freightEscrow_,
        address donationRegistry_
    ) AccessManaged(References.required(accessManager)) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        demandEscrow = References.required(demandEscrow_);
        freightEscrow = References.required(freightEscrow_);
        donationRegistry = References.required(donationRegistry_);
    }

    modifier onlyWriter(address writer) {
        if (msg.sender != writer) revert NotWriter(msg.sender);
        _;
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
    function parcel(uint64 id) external view returns (Parcel memory record) {
        record = _knownParcel(id);
        if (record.consignment != 0) {
            Load storage carrying = _loads[record.consignment];
            record.custodian = carrying.custodian;
            record.since = carrying.since;
            record.state = carrying.state;
        }
    }

    /// @inheritdoc IMaterialLedger
    function load(uint64 consignment) external view returns (Load memory) {
        return _knownLoad(consignment);
    }

    /// @inheritdoc IMaterialLedger
    function parcelsOf(uint64 consignment) external view returns (uint64[] memory) {
        return _aboard[consignment];
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

    /// @inheritdoc IMaterialLedger
    function ride(uint64 parcelId, uint16 index) external view returns (Ride memory) {
        return _rides[parcelId][index];
    }

    /// @inheritdoc IMaterialLedger
    function responsibleAt(uint64 parcelId, uint40 time) external view returns (address) {
        Parcel storage record = _knownParcel(parcelId);
        if (time > block.timestamp) return address(0);
        // Before it was split off, a parcel was part of its parent.
        while (time < _firstRest(parcelId, record)) {
            parcelId = record.parent;
            if (parcelId == 0) return address(0);
            record = _parcels[parcelId];
        }
        if (time >= record.since) {
            return
                record.consignment == 0 ? record.custodian : _custodianAt(record.consignment, time);
        }
        return _custodianAt(_rideAt(parcelId, record.rides, time), time);
    }

    /// @inheritdoc IMaterialLedger
    function custodySpan(uint64 consignment, uint16 sequence)
        external
        view
        returns (address custodian, uint40 since)
    {
        Load storage record = _knownLoad(consignment);
        if (sequence == record.sequence) return (record.custodian, record.since);
        Span storage span = _spans[consignment][sequence];
        return (span.custodian, span.since);
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

    // --- DonationRegistry ---

    /// @inheritdoc IMaterialLedger
    function commissionGift(
        Commission calldata request,
        address donor,
        address custodian,
        Earmark calldata earmark
    ) external onlyWriter(donationRegistry) returns (uint64 lotId, uint64 parcelId) {
        _checkEarmark(earmark);
        return _commission(request, LotKind.GIFT, donor, custodian, earmark);
    }

    // --- DemandEscrow ---

    /// @inheritdoc IMaterialLedger
    function offer(uint64 parcelId, address by) external onlyWriter(demandEscrow) {
        Parcel storage record = _atRest(parcelId, ParcelState.HELD);
        _checkCustodian(parcelId, record, by);
        _checkExpiry(record.lot);
        _move(parcelId, record, ParcelState.OFFERED);
    }

    /// @inheritdoc IMaterialLedger
    function withdraw(uint64 parcelId) external onlyWriter(demandEscrow) {
        _move(parcelId, _atRest(parcelId, ParcelState.OFFERED), ParcelState.HELD);
    }

    /// @inheritdoc IMaterialLedger
    function allocate(uint64 parcelId, uint64 units)
        external
        onlyWriter(demandEscrow)
        returns (uint64 allocated)
    {
        return _moveUnits(
            parcelId, _atRest(parcelId, ParcelState.OFFERED), units, ParcelState.ALLOCATED
        );
    }

    /// @inheritdoc IMaterialLedger
    function release(uint64 parcelId) external onlyWriter(demandEscrow) {
        Parcel storage record = _atRest(parcelId, ParcelState.ALLOCATED);
        if (record.consignment != 0) revert WrongState(parcelId, ParcelState.ALLOCATED);
        _move(parcelId, record, ParcelState.HELD);
    }

    // --- FreightEscrow ---

    /// @inheritdoc IMaterialLedger
    function form(uint64 consignment, uint64[] calldata parcels)
        external
        onlyWriter(freightEscrow)
        returns (bytes32 content)
    {
        if (consignment == 0) revert UnknownLoad(consignment);
        if (_loads[consignment].state != ParcelState.NULL) revert LoadExists(consignment);
        if (parcels.length == 0) revert NoParcels();
        if (parcels.length > MAX_PARCELS) revert TooManyParcels(parcels.length, MAX_PARCELS);

        address custodian = _knownParcel(parcels[0]).custodian;
        content = _board(consignment, parcels, custodian);
        _loads[consignment] = Load({
            custodian: custodian,
            since: uint40(block.timestamp),
            sequence: 0,
            state: ParcelState.ALLOCATED,
            content: content
        });
        emit LoadFormed(consignment, parcels, content, custodian);
    }

    /// @inheritdoc IMaterialLedger
    function handOver(uint64 consignment, address to, uint32 station, uint40 at)
        external
        onlyWriter(freightEscrow)
    {
        Load storage record = _knownLoad(consignment);
        ParcelState state = record.state;
        if (state != ParcelState.ALLOCATED && state != ParcelState.IN_TRANSIT) {
            revert WrongLoadState(consignment, state);
        }
        _checkTime(record, at);
        if (state == ParcelState.ALLOCATED) _depart(consignment, record);
        _changeCustody(consignment, record, to, station, at);
    }

    /// @inheritdoc IMaterialLedger
    function close(
        uint64 consignment,
        ParcelState outcome,
        address custodian,
        uint32 station,
        uint40 at
    ) external onlyWriter(freightEscrow) {
        Load storage record = _knownLoad(consignment);
        if (outcome == ParcelState.ALLOCATED) {
            _disband(consignment, record);
            return;
        }
        if (
            outcome != ParcelState.DELIVERED && outcome != ParcelState.QUARANTINED
                && outcome != ParcelState.RETURNED && outcome != ParcelState.LOST
        ) revert BadOutcome(outcome);
        if (record.state != ParcelState.IN_TRANSIT) {
            revert WrongLoadState(consignment, record.state);
        }
        _checkTime(record, at);

        if (custodian != record.custodian) {
            _changeCustody(consignment, record, custodian, station, at);
        }
        record.state = outcome;
        Parcel memory arrival;
        arrival.custodian = custodian;
        arrival.since = at;
        arrival.station = station;
        arrival.state = outcome;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _unload(parcels[i], arrival, consignment);
        }
        emit LoadClosed(consignment, outcome, custodian, at);
    }

    // --- shared reads ---

    function _knownMaterial(uint64 gtin) private view returns (Material storage record) {
        record = _materials[gtin];
        if (!record.defined) revert UnknownMaterial(gtin);
    }

    function _knownLot(uint64 id) private view returns (Lot storage record) {
        record = _lots[id];
        if (record.kind == LotKind.NULL) revert UnknownLot(id);
    }

    function _knownParcel(uint64 id) private view returns (Parcel storage record) {
        record = _parcels[id];
        if (record.state == ParcelState.NULL) revert UnknownParcel(id);
    }

    function _knownLoad(uint64 consignment) private view returns (Load storage record) {
        record = _loads[consignment];
        if (record.state == ParcelState.NULL) revert UnknownLoad(consignment);
    }

    function _stateOf(Parcel storage record) private view returns (ParcelState) {
        uint64 consignment = record.consignment;
        return consignment == 0 ? record.state : _loads[consignment].state;
    }

    /// @dev The parcel, which must be in `state`.
    function _atRest(uint64 id, ParcelState state) private view returns (Parcel storage record) {
        record = _knownParcel(id);
        ParcelState present = _stateOf(record);
        if (present != state) revert WrongState(id, present);
    }

    function _checkCustodian(uint64 id, Parcel storage record, address who) private view {
        if (record.custodian != who) revert NotCustodian(id, who, record.custodian);
    }

    function _checkExpiry(uint64 lotId) private view {
        uint40 expiry = _lots[lotId].expiry;
        if (expiry != 0 && expiry <= block.timestamp) revert LotExpired(lotId, expiry);
    }

    function _checkTime(Load storage record, uint40 at) private view {
        if (at < record.since || at > block.timestamp) {
            revert WrongHandoverTime(at, record.since, uint40(block.timestamp));
        }
    }

    function _checkEarmark(Earmark calldata earmark) private view {
        EarmarkKind kind = earmark.kind;
        bytes32 scope = earmark.scope;
        bool good;
        if (kind == EarmarkKind.NONE) good = scope == 0;
        else if (kind == EarmarkKind.REGION) good = scope != 0
            && registry.provinceOf(scope) == scope;
        else if (kind == EarmarkKind.FACILITY) good = registry.accountOf(scope) != address(0);
        else if (kind == EarmarkKind.EMERGENCY) good = scope != 0;
        if (!good) revert BadEarmark(kind, scope);
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

    /// @dev Since when there is a record of its own for a parcel.
    function _firstRest(uint64 parcelId, Parcel storage record) private view returns (uint40) {
        return record.rides == 0 ? record.since : _rides[parcelId][0].since;
    }

    /// @dev The last ride whose rest began at or before `time`; the first one's did.
    function _rideAt(uint64 parcelId, uint16 rides, uint40 time) private view returns (uint64) {
        uint16 low;
        while (rides - low > 1) {
            uint16 middle = low + (rides - low) / 2;
            if (_rides[parcelId][middle].since <= time) low = middle;
            else rides = middle;
        }
        return _rides[parcelId][low].consignment;
    }

    /// @dev Who had custody of a load, the consignor for any time before its first handover.
    function _custodianAt(uint64 consignment, uint40 time) private view returns (address) {
        Load storage record = _loads[consignment];
        if (record.sequence == 0 || record.since <= time) return record.custodian;
        uint16 low;
        uint16 high = record.sequence;
        while (high - low > 1) {
            uint16 middle = low + (high - low) / 2;
            if (_spans[consignment][middle].since <= time) low = middle;
            else high = middle;
        }
        return _spans[consignment][low].custodian;
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
    ) private returns (uint64 lotId, uint64 parcelId) {
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

    /// @dev Moves all of a parcel at rest.
    function _move(uint64 id, Parcel storage record, ParcelState to) private {
        ParcelState from = record.state;
        record.state = to;
        _count(id, record, from, to, 0);
    }

    /// @dev Moves some units of a parcel at rest, split off unless they are all. Returns the parcel that holds them.
    function _moveUnits(uint64 id, Parcel storage record, uint64 units, ParcelState to)
        private
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
    ) private {
        uint64 units = record.units;
        uint64[12] storage counters = _units[record.lot];
        counters[uint256(from)] -= units;
        counters[uint256(to)] += units;
        emit ParcelMoved(id, from, to, units, consignment);
    }

    /// @dev Puts the parcels into the load; one named twice is aboard already when its turn comes again.
    function _board(uint64 consignment, uint64[] calldata parcels, address custodian)
        private
        returns (bytes32)
    {
        uint64[] memory lots = new uint64[](parcels.length);
        uint64[] memory units = new uint64[](parcels.length);
        uint32 station = _parcels[parcels[0]].station;
        for (uint256 i; i < parcels.length; ++i) {
            uint64 id = parcels[i];
            Parcel storage record = _atRest(id, ParcelState.ALLOCATED);
            if (record.consignment != 0) revert WrongState(id, ParcelState.ALLOCATED);
            if (record.custodian != custodian || record.station != station) {
                revert MixedCustody(id);
            }
            _checkExpiry(record.lot);
            record.consignment = consignment;
            _aboard[consignment].push(id);
            lots[i] = record.lot;
            units[i] = record.units;
        }
        return keccak256(abi.encode(parcels, lots, units));
    }

    function _depart(uint64 consignment, Load storage record) private {
        record.state = ParcelState.IN_TRANSIT;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _count(
                parcels[i],
                _parcels[parcels[i]],
                ParcelState.ALLOCATED,
                ParcelState.IN_TRANSIT,
                consignment
            );
        }
    }

    function _changeCustody(
        uint64 consignment,
        Load storage record,
        address to,
        uint32 station,
        uint40 at
    ) private {
        address from = record.custodian;
        uint16 sequence = record.sequence;
        _spans[consignment][sequence] = Span(from, record.since);
        record.custodian = to;
        record.since = at;
        record.sequence = sequence + 1;
        emit CustodyChanged(consignment, sequence, from, to, station, at);
    }

    function _unload(uint64 id, Parcel memory arrival, uint64 consignment) private {
        Parcel storage record = _parcels[id];
        _rides[id][record.rides] = Ride(consignment, record.since);
        record.custodian = arrival.custodian;
        record.since = arrival.since;
        record.state = arrival.state;
        record.station = arrival.station;
        record.rides += 1;
        record.consignment = 0;
        _count(id, record, ParcelState.IN_TRANSIT, arrival.state, consignment);
    }

    /// @dev A load that never left: its parcels stay allocated where they are.
    function _disband(uint64 consignment, Load storage record) private {
        if (record.state != ParcelState.ALLOCATED) {
            revert WrongLoadState(consignment, record.state);
        }
        record.state = ParcelState.HELD;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _parcels[parcels[i]].consignment = 0;
        }
        emit LoadClosed(
            consignment, ParcelState.ALLOCATED, record.custodian, uint40(block.timestamp)
        );
    }
}
