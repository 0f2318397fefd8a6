// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {NeedAccount} from "../libraries/NeedAccount.sol";
import {Promises} from "../libraries/Promises.sol";
import {References} from "../libraries/References.sol";
import {AuditBook} from "./AuditBook.sol";
import {DemandStore} from "./DemandStore.sol";
import {PlanBook} from "./PlanBook.sol";

/// @title DemandOffice
/// @notice What recipients, auditors and plans do with demands.
/// @dev Code of `DemandBook`, which is too large for one contract: the book runs it by delegatecall, in its own storage, with the
/// caller's own sender, and checks pause, role and writer before. Called directly it knows no demand, and can change nothing but itself.
contract DemandOffice is AuditBook {
    using NeedAccount for uint256;

    uint32 private constant _LEAST_THRESHOLD = 1 hours;
    uint32 private constant _GREATEST_THRESHOLD = 60 days;

    /// @notice Where stations are.
    ILogisticsNetwork public immutable network;

    constructor(
        address accessManager,
        address participantRegistry,
        address materialLedger,
        address logisticsNetwork
    ) DemandStore(accessManager, participantRegistry) PlanBook(materialLedger) {
        network = ILogisticsNetwork(References.required(logisticsNetwork));
    }

    // --- recipients ---

    /// @notice See `IDemandBook.publish`.
    function publish(IDemandBook.DemandRequest calldata request)
        external
        returns (uint64 demandId)
    {
        return _publish(request, 0);
    }

    /// @notice See `IDemandBook.claim`.
    function claim(uint64 raised, IDemandBook.DemandRequest calldata request)
        external
        returns (uint64 demandId)
    {
        IDemandBook.DemandRequest memory part = _takePart(raised, request);
        demandId = _publish(part, raised);
        emit IDemandBook.RaiseClaimed(raised, demandId, part.units);
    }

    /// @notice See `IDemandBook.updateFacts`.
    function updateFacts(uint64 demandId, uint64 stock, uint64 dailyUse) external {
        DemandRecord storage record = _ownDemand(demandId);
        _requirePossible(stock, dailyUse);

        _setCounted(demandId, record, IDemandBook.Level.NULL);
        _endAttestations(record);
        record.audit.refused = false;
        _stateFacts(demandId, record, stock, dailyUse);
        _refresh(demandId, record);
    }

    /// @notice See `IDemandBook.withdrawDemand`.
    function withdrawDemand(uint64 demandId) external {
        _end(demandId, _ownDemand(demandId), IDemandBook.DemandStatus.WITHDRAWN);
    }

    // --- urgency keeper ---

    /// @notice See `IDemandBook.setThresholds`; the book has checked the caller's role.
    function setThresholds(IDemandBook.Thresholds calldata to) external {
        if (
            to.critical < _LEAST_THRESHOLD || to.high <= to.critical || to.medium <= to.high
                || to.medium > _GREATEST_THRESHOLD
        ) revert IDemandBook.BadThresholds(to.critical, to.high, to.medium);
        emit IDemandBook.ThresholdsChanged(_thresholds, to);
        _thresholds = to;
        ++_counts.thresholds;
    }

    // --- anyone ---

    /// @notice See `IDemandBook.reportDistributed`.
    function reportDistributed(uint64[] calldata parcels) external {
        if (parcels.length > MAX_DEMANDS) {
            revert IDemandBook.TooManyParcels(parcels.length, MAX_DEMANDS);
        }
        for (uint256 i; i < parcels.length; ++i) {
            _reportDistributed(parcels[i]);
        }
    }

    // --- own reads ---

    function _ownDemand(uint64 id) private view returns (DemandRecord storage record) {
        record = _openDemand(id);
        if (record.terms.recipient != msg.sender) revert IDemandBook.NotRecipient(id, msg.sender);
    }

    function _requirePossible(uint64 stock, uint64 dailyUse) private pure {
        if (stock > MAX_UNITS || dailyUse > MAX_UNITS) {
            revert IDemandBook.ImpossibleFacts(stock, dailyUse);
        }
    }

    /// @dev The recipient's own, or one in its province that an active station operator runs; and it keeps within the goods' band.
    function _requireStation(uint32 id, IMaterialLedger.Material memory goods, bytes32 province)
        private
        view
    {
        ILogisticsNetwork.Station memory station = network.station(id);
        bool isPublic = registry.isActive(
            station.operator, IParticipantRegistry.Role.STATION_OPERATOR
        ) && registry.provinceOf(station.region) == province;
        if (station.operator != msg.sender && !isPublic) {
            revert IDemandBook.NotRecipientsStation(id, msg.sender);
        }
        bool isKept = station.temperatureMin >= goods.temperatureMin
            && station.temperatureMax <= goods.temperatureMax;
        // The hall is before us; for the rooms beside it the network is asked.
        if (!isKept && !network.keeps(id, goods.temperatureMin, goods.temperatureMax)) {
            revert IDemandBook.StationCannotStore(id, goods.gtin);
        }
    }

    // --- own writes ---

    function _publish(IDemandBook.DemandRequest memory request, uint64 raised)
        private
        returns (uint64 id)
    {
        _requireActive(msg.sender, IParticipantRegistry.Role.RECIPIENT);
        if (_facilities[msg.sender].peopleInCare == 0) revert IDemandBook.NotDeclared(msg.sender);
        _requireUnits(request.units);
        _requirePossible(request.stock, request.dailyUse);
        if (request.neededBy <= block.timestamp) revert IDemandBook.NeededInPast(request.neededBy);
        bytes32 region = _regionOf(msg.sender);
        if (request.emergency != 0 && raised == 0) _requireInEmergency(request.emergency, region);
        bytes32 province = registry.provinceOf(region);
        IMaterialLedger.Material memory goods = ledger.material(request.material);
        _requireStation(request.station, goods, province);
        uint64 asked = _ask(uint48(request.material), request.units);

        id = ++_counts.demands;
        if (id > Promises.MAX_ID) revert IDemandBook.NoIdLeft(id);
        DemandRecord storage record = _demands[id];
        record.need.units = uint40(request.units);
        record.need.material = uint48(request.material);
        record.terms = Terms({
            recipient: msg.sender,
            neededBy: request.neededBy,
            province: _numberOf(province),
            emergency: _numbers[request.emergency],
            status: IDemandBook.DemandStatus.OPEN,
            level: IDemandBook.Level.NULL,
            vulnerable: false
        });
        record.audit.station = request.station;
        record.audit.publishedAt = uint40(block.timestamp);
        record.audit.overCap = goods.capPerDemand != 0 && asked > goods.capPerDemand;
        record.freightBudget = request.freightBudget;
        record.raised = raised;
        _tellPublished(id, request, raised);
        _stateFacts(id, record, request.stock, request.dailyUse);
        _refresh(id, record);
    }

    function _tellPublished(uint64 id, IDemandBook.DemandRequest memory request, uint64 raised)
        private
    {
        emit IDemandBook.DemandPublished(
            id,
            msg.sender,
            request.material,
            request.units,
            request.neededBy,
            request.station,
            request.emergency,
            raised
        );
    }

    /// @dev Returns all that the caller has asked of the material, these units among it.
    function _ask(uint48 material, uint64 units) private returns (uint64 asked) {
        uint256 key = _accountKey(msg.sender, material);
        asked = _accounts[key].askedIn() + units;
        if (asked > MAX_UNITS) revert IDemandBook.TooManyUnits(asked, MAX_UNITS);
        _accounts[key] += NeedAccount.asked(units);
    }

    /// @dev Who has goods on hand that it has not reported as handed out has them in stock, whatever it says.
    function _stateFacts(uint64 id, DemandRecord storage record, uint64 stock, uint64 dailyUse)
        private
    {
        Need storage need = record.need;
        uint64 onHand = _accounts[_accountKey(record.terms.recipient, need.material)].onHandIn();
        if (stock < onHand) stock = onHand;
        need.dailyUse = uint40(dailyUse);
        record.stock = uint40(stock);
        record.factsAt = uint40(block.timestamp);
        emit IDemandBook.FactsChanged(id, stock, dailyUse, record.audit.version);
    }

    /// @dev Counts as much of a parcel as was received of its lot: what is received later can be reported again.
    function _reportDistributed(uint64 parcelId) private {
        IMaterialLedger.Parcel memory parcel = ledger.parcel(parcelId);
        if (
            parcel.state != IMaterialLedger.ParcelState.DISTRIBUTED
                && parcel.state != IMaterialLedger.ParcelState.DESTROYED
        ) revert IDemandBook.NotHandedOut(parcelId);
        uint64 units = parcel.units - _handedOut[parcelId];
        if (units == 0) return;
        uint64 received = _received[parcel.custodian][parcel.lot];
        if (received == 0) revert IDemandBook.NothingReceived(parcelId, parcel.custodian);

        if (units > received) units = received;
        _handedOut[parcelId] += units;
        uint64 material = _takeOff(parcel.custodian, parcel.lot, units);
        emit IDemandBook.UnitsHandedOut(parcel.custodian, material, parcelId, units);
    }
}
