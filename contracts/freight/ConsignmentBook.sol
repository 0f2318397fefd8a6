// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IBookedSpans} from "../../interfaces/IBookedSpans.sol";
import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title ConsignmentBook
/// @notice What is kept of consignments, what their legs earn, and how they end.
/// @dev The storage that `FreightEscrow` and its `FreightOffice` share; neither declares any of its own.
abstract contract ConsignmentBook is EIP712, LapsingPause {
    using FreightHashes for *;
    using SafeERC20 for ILogisticsCurrency;

    /// @dev What is kept of a consignment beside its booking's hash; how far it has come is the ledger's to say.
    /// @param pickUpWithin Seconds from booking. @param status BOOKED also while it is on its way. @param flags `_WAS_AWARDED`, `_WAS_COUNTED`.
    /// @param holds Disputes that hold its money now.
    struct Record {
        uint128 prepaid; // slot 0
        uint40 endedAt;
        uint24 pickUpWithin;
        IFreightEscrow.Status status;
        IFreightEscrow.Resolution resolution;
        uint8 legCount;
        uint8 flags;
        uint8 holds;
        uint128 refunded; // slot 1, mostly nothing
        uint128 forfeited;
    }

    /// @dev Of a consignment that waits before it settles, for the consignee's day or for a dispute to end. @param arrivedAt When it came by a proof;
    /// zero when it was refused before. @param provenAt When the proof or the refusal was submitted.
    struct Waiting {
        uint40 arrivedAt; // slot 0
        uint40 provenAt;
    }

    /// @dev What a dispute gave a leg.
    struct Award {
        uint128 amount; // slot 0
        bool isAwarded;
    }

    /// @dev What the legs of a consignment have earned by now.
    /// @param outcomes One for each leg, empty for one that has not handed on. @param done Legs that have.
    /// @param unfit Legs that answer for a floor that was passed, as bits. @param isUnfit True when the goods are not to be used: a floor was
    /// passed, or the silence was so long that their condition is unproven. @param silence Longest on the whole way, seconds.
    struct Result {
        IFreightEscrow.Outcome[] outcomes;
        uint256 done;
        uint256 unfit;
        bool isUnfit;
        uint40 silence;
    }

    /// @dev How a consignment ends. @param outcome NULL when its load has ended before. @param at When it changed hands, or now.
    /// @param forfeits Legs whose bonds go to the payer, as bits. @param isSold True when the goods were delivered, for use or not: the seller earns its price.
    struct Ending {
        IFreightEscrow.Resolution resolution;
        IMaterialLedger.ParcelState outcome;
        address custodian;
        uint32 station;
        uint40 at;
        uint256 forfeits;
        bool isSold;
    }

    uint8 internal constant _WAS_AWARDED = 1;
    uint8 internal constant _WAS_COUNTED = 2;
    uint40 internal constant _SILENCE = 1 days;

    /// @notice Where custody is kept.
    IMaterialLedger public immutable ledger;
    /// @notice In what freight is paid.
    ILogisticsCurrency public immutable currency;
    /// @notice Where telemetry is kept.
    IConditionMonitor public immutable monitor;

    IParticipantRegistry internal immutable _REGISTRY;
    address internal immutable _DESK;

    /// @dev In the word that a booking reads for the pause.
    uint48 internal _nextId = 1;
    mapping(bytes32 booking => uint64 id) internal _ids;
    mapping(uint64 id => Record) internal _records;
    mapping(address owner => IFreightEscrow.Purse) internal _purses;
    mapping(uint64 id => Waiting) internal _waiting;
    mapping(uint64 id => mapping(uint256 leg => Award)) internal _awards;

    /// @dev By leg, and after the last by the number of legs for the consignor.
    mapping(uint64 id => mapping(uint256 leg => IFreightEscrow.Tally)) internal _tallies;

    /// @dev Handovers that were refused, as bits by their sequence.
    mapping(uint64 id => uint256) internal _refusals;

    constructor(
        address accessManager,
        address registry,
        address ledger_,
        address currency_,
        address monitor_,
        address disputeDesk_
    ) AccessManaged(References.required(accessManager)) EIP712("Aidline FreightEscrow", "1") {
        _REGISTRY = IParticipantRegistry(References.required(registry));
        ledger = IMaterialLedger(References.required(ledger_));
        currency = ILogisticsCurrency(References.required(currency_));
        monitor = IConditionMonitor(References.required(monitor_));
        _DESK = References.required(disputeDesk_);
    }

    // --- shared reads ---

    function _known(uint64 id) internal view returns (Record storage record) {
        record = _records[id];
        if (record.status == IFreightEscrow.Status.NULL) {
            revert IFreightEscrow.UnknownConsignment(id);
        }
    }

    /// @dev The consignment, of which `kept` must be the status on record: BOOKED when it has neither arrived nor ended.
    function _knownAs(uint64 id, IFreightEscrow.Status kept)
        internal
        view
        returns (Record storage record)
    {
        record = _records[id];
        if (record.status != kept) {
            revert IFreightEscrow.WrongStatus(id, _statusOf(id, _known(id)));
        }
    }

    /// @dev The consignment that a booking became.
    function _idOf(bytes32 order) internal view returns (uint64 id) {
        id = _ids[order];
        if (id == 0) revert IFreightEscrow.UnknownBooking(order);
    }

    /// @dev The same, which must have this status on record.
    function _open(bytes32 order, IFreightEscrow.Status kept)
        internal
        view
        returns (uint64 id, Record storage record)
    {
        id = _idOf(order);
        record = _knownAs(id, kept);
    }

    function _statusOf(uint64 id, Record storage record)
        internal
        view
        returns (IFreightEscrow.Status status)
    {
        status = record.status;
        if (status == IFreightEscrow.Status.BOOKED && ledger.progressOf(id).times.length > 1) {
            status = IFreightEscrow.Status.IN_TRANSIT;
        }
    }

    /// @dev What the legs have earned that have handed on at `times`: forming, pick-up, and each change of hands after it.
    function _assess(
        uint64 id,
        bytes32 order,
        IFreightEscrow.Booking calldata booking,
        uint40[] memory times
    ) internal view returns (Result memory result) {
        result.outcomes = new IFreightEscrow.Outcome[](booking.legs.length);
        if (times.length > 2) _reckon(result, id, order, booking, times);
        uint8 flags = _records[id].flags;
        if (flags == 0) return result;
        for (uint256 i; i < result.outcomes.length; ++i) {
            IFreightEscrow.Outcome memory outcome = result.outcomes[i];
            outcome.pay = _due(id, flags, i, outcome.pay);
        }
    }

    /// @dev Fills in the legs that were done.
    function _reckon(
        Result memory result,
        uint64 id,
        bytes32 order,
        IFreightEscrow.Booking calldata booking,
        uint40[] memory times
    ) private view {
        IFreightEscrow.Terms calldata terms = booking.terms;
        result.done = times.length - 2;
        if (booking.devices.length != 0) {
            _expose(result, _heard(id, order, times), terms);
        }
        for (uint256 i; i < result.done; ++i) {
            IFreightEscrow.LegRequest calldata leg = booking.legs[i];
            IFreightEscrow.Outcome memory outcome = result.outcomes[i];
            uint40 excuse = i == 0
                ? 0
                : Settlement.inheritance(
                    times[i + 1], booking.legs[i - 1].latestArrival, leg.departure
                );
            outcome.late = Settlement.over(Settlement.over(times[i + 2], leg.latestArrival), excuse);
            outcome.pay = Settlement.payRoundedDown(leg.freight, terms, outcome);
        }
    }

    /// @dev What is due of what was computed: an award stands in for it, also of a leg that was not done; and for missed units nothing is.
    /// @param leg The number of legs for the seller's price.
    function _due(uint64 id, uint8 flags, uint256 leg, uint128 computed)
        private
        view
        returns (uint128)
    {
        if (flags & _WAS_AWARDED != 0) {
            Award memory award = _awards[id][leg];
            if (award.isAwarded) return award.amount;
        }
        return flags & _WAS_COUNTED == 0 ? computed : _shareRoundedDown(id, leg, computed);
    }

    /// @dev The part of an amount that the units are that a leg does not answer for.
    function _shareRoundedDown(uint64 id, uint256 leg, uint128 amount)
        private
        view
        returns (uint128)
    {
        IFreightEscrow.Tally memory tally = _tallies[id][leg];
        if (tally.missed == 0) return amount;
        return uint128(uint256(amount) * (tally.offered - tally.missed) / tally.offered);
    }

    /// @dev What the devices say of each leg that was done, and last of the whole way. Every call that comes here begins with a booking and what is told of it.
    function _heard(uint64 id, bytes32 order, uint40[] memory times)
        private
        view
        returns (IConditionMonitor.Span[] memory)
    {
        address target = address(monitor);
        bytes4 selector = IBookedSpans.spansOf.selector;
        bytes memory answer;
        assembly ("memory-safe") {
            answer := mload(0x40)
            mstore(answer, selector)
            calldatacopy(add(answer, 4), 4, sub(calldatasize(), 4))
            // Pick-up, each change of hands after it, and the end.
            let end := add(answer, calldatasize())
            let count := sub(mload(times), 1)
            for { let i := 1 } iszero(gt(i, count)) { i := add(i, 1) } {
                mstore(end, mload(add(add(times, 0x20), mul(i, 0x20))))
                end := add(end, 0x20)
            }
            mstore(end, count)
            mstore(add(end, 0x20), order)
            mstore(add(end, 0x40), id)
            let done := staticcall(gas(), target, answer, sub(add(end, 0x60), answer), 0, 0)
            if iszero(done) {
                returndatacopy(answer, 0, returndatasize())
                revert(answer, returndatasize())
            }
            mstore(answer, returndatasize())
            returndatacopy(add(answer, 0x20), 0, returndatasize())
            mstore(0x40, add(add(answer, 0x20), returndatasize()))
        }
        return abi.decode(answer, (IConditionMonitor.Span[]));
    }

    /// @dev Lays the devices' figures to the legs, and finds which of them answer for a floor that was passed.
    function _expose(
        Result memory result,
        IConditionMonitor.Span[] memory spans,
        IFreightEscrow.Terms calldata terms
    ) private pure {
        uint256 hottest;
        uint256 dampest;
        for (uint256 i; i < result.done; ++i) {
            IFreightEscrow.Outcome memory outcome = result.outcomes[i];
            IConditionMonitor.Span memory span = spans[i];
            outcome.temperature = span.temperature;
            outcome.humidity = span.humidity;
            outcome.silence = span.silence;
            if (span.temperature > spans[hottest].temperature) hottest = i;
            if (span.humidity > spans[dampest].humidity) dampest = i;
        }
        IConditionMonitor.Span memory whole = spans[result.done];
        result.silence = whole.silence;
        if (whole.temperature > terms.exposureFloor) result.unfit |= 1 << hottest;
        if (whole.humidity > terms.humidityFloor) result.unfit |= 1 << dampest;
        result.isUnfit = result.unfit != 0
            || (terms.policy != IFreightEscrow.Policy.CONSIGNEE
                && whole.silence > terms.longestSilence);
    }

    /// @dev Times with one more.
    function _with(uint40[] memory times, uint40 last)
        internal
        pure
        returns (uint40[] memory longer)
    {
        longer = new uint40[](times.length + 1);
        for (uint256 i; i < times.length; ++i) {
            longer[i] = times[i];
        }
        longer[times.length] = last;
    }

    // --- shared writes ---

    /// @dev Records a refusal, once for each handover, that `by` has signed or calls for itself.
    function _refuse(
        uint64 id,
        uint16 sequence,
        IFreightEscrow.Refusal calldata refusal,
        bytes calldata signature
    ) internal {
        if (block.timestamp > refusal.deadline) {
            revert IFreightEscrow.Expired(refusal.deadline);
        }
        if (refusal.reason == 0) revert IFreightEscrow.NoReason();
        uint256 bit = 1 << sequence;
        if (refusal.sequence != sequence || _refusals[id] & bit != 0) {
            revert IFreightEscrow.WrongSequence(id, sequence, refusal.sequence);
        }
        if (msg.sender != refusal.by) {
            SignatureCheck.requireValid(refusal.by, _hashTypedDataV4(refusal.hash()), signature);
        }
        _refusals[id] |= bit;
        emit IFreightEscrow.HandoverRefused(id, sequence, refusal.by, refusal.reason);
    }

    /// @dev Ends as a delivery at `at` to `taker`. @param isRecalled True when the goods were recalled after they had arrived.
    function _settleDelivery(
        uint64 id,
        Record storage record,
        IFreightEscrow.Booking calldata booking,
        Result memory result,
        address taker,
        uint40 at,
        bool isRecalled
    ) internal {
        Ending memory ending;
        ending.custodian = taker;
        ending.station = booking.legs[booking.legs.length - 1].toStation;
        ending.at = at;
        ending.forfeits = result.unfit;
        ending.isSold = true;
        if (result.isUnfit || isRecalled) {
            ending.outcome = IMaterialLedger.ParcelState.QUARANTINED;
            ending.resolution = isRecalled
                ? IFreightEscrow.Resolution.RECALLED
                : IFreightEscrow.Resolution.DELIVERED_DAMAGED;
        } else {
            // What a household takes has reached the person whom it is for.
            ending.outcome = booking.household == 0
                ? IMaterialLedger.ParcelState.DELIVERED
                : IMaterialLedger.ParcelState.DISTRIBUTED;
            ending.resolution = IFreightEscrow.Resolution.DELIVERED;
        }
        _settle(id, record, booking, result.outcomes, ending);
    }

    /// @dev Ends a consignment whose money disputes hold: its load at once, its money by `settleClosed`, which computes it then.
    function _close(uint64 id, Record storage record, Ending memory ending) private {
        record.status = IFreightEscrow.Status.CLOSED;
        record.resolution = ending.resolution;
        if (ending.isSold) {
            Waiting storage waiting = _waiting[id];
            waiting.arrivedAt = ending.at;
            if (waiting.provenAt == 0) waiting.provenAt = uint40(block.timestamp);
        }
        emit IFreightEscrow.ConsignmentClosed(id, ending.resolution);

        _endLoad(id, ending);
    }

    function _endLoad(uint64 id, Ending memory ending) private {
        ledger.close(id, ending.outcome, ending.custodian, ending.station, ending.at);
    }

    /// @dev Earnings and bonds go to the purses in one write each, the rest to the payer; while disputes hold them, only the goods go on.
    function _settle(
        uint64 id,
        Record storage record,
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.Outcome[] memory outcomes,
        Ending memory ending
    ) internal {
        if (record.holds != 0) {
            return _close(id, record, ending);
        }
        uint8 flags = record.flags;
        uint128 price = ending.isSold ? booking.price : 0;
        if (flags != 0) price = _due(id, flags, outcomes.length, price);
        (uint128 paid, uint128 forfeited) =
            _credit(id, flags, booking.legs, outcomes, ending.forfeits);
        paid += price;
        uint128 refunded = record.prepaid - paid;
        if (price != 0) _purses[booking.seller].free += price;
        record.status = IFreightEscrow.Status.SETTLED;
        record.resolution = ending.resolution;
        record.endedAt = uint40(block.timestamp);
        uint128 back = refunded + forfeited;
        if (back != 0) (record.refunded, record.forfeited) = (refunded, forfeited);
        emit IFreightEscrow.ConsignmentSettled(
            id, ending.resolution, paid, refunded, price, forfeited, outcomes
        );

        if (ending.outcome != IMaterialLedger.ParcelState.NULL) _endLoad(id, ending);
        if (back != 0) currency.safeTransfer(booking.payer, back);
    }

    /// @dev Puts into each carrier's purse what its leg earned and its bond. Returns what all legs earned, and the bonds that are forfeited.
    function _credit(
        uint64 id,
        uint8 flags,
        IFreightEscrow.LegRequest[] calldata legs,
        IFreightEscrow.Outcome[] memory outcomes,
        uint256 forfeits
    ) private returns (uint128 paid, uint128 forfeited) {
        for (uint256 i; i < legs.length; ++i) {
            uint128 gain = outcomes[i].pay;
            uint128 bond = legs[i].bond;
            paid += gain;
            if (gain | bond == 0) continue;
            IFreightEscrow.Purse memory purse = _purses[legs[i].carrier];
            if (bond != 0) {
                purse.locked -= bond;
                uint128 kept = forfeits >> i & 1 == 0 ? bond : 0;
                if (flags & _WAS_COUNTED != 0) kept = _shareRoundedDown(id, i, kept);
                gain += kept;
                forfeited += bond - kept;
            }
            purse.free += gain;
            _purses[legs[i].carrier] = purse;
        }
    }
}
