// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title FreightChecker
/// @notice Says whether what the parties of a consignment have signed may stand; part of FreightEscrow, which makes it.
/// @dev Holds nothing and writes nothing; refuses with the errors of IFreightEscrow. Where FreightEscrow passes its own call on, what it adds stands after
/// the arguments: these are the escrow's very bytes, encoded by nobody twice. What is signed is signed for FreightEscrow.
contract FreightChecker {
    using FreightHashes for *;

    /// @dev What is kept of a leg, in one word; its carrier and stations are in the load's route.
    struct Part {
        uint128 freight; // slot 0
        uint40 departure;
        uint40 latestArrival;
        uint32 vehicle;
    }

    /// @dev A leg that has handed on.
    /// @param from Unix second at which its carrier took over. @param to At which it handed on.
    struct Way {
        Part part;
        uint40 from;
        uint40 to;
    }

    /// @dev What a delivery must agree with.
    /// @param deviceOver Unix second from which the consignee's acceptance stands in for the device.
    struct Delivery {
        address consignee;
        uint32 station;
        uint40 deviceOver;
        IFreightEscrow.Policy policy;
        uint32 longestSilence;
    }

    bytes32 private constant _DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant _NAME = keccak256("Aidline FreightEscrow");
    bytes32 private constant _VERSION = keccak256("1");

    /// @dev Bytes of an encoded `Delivery`, and of an encoded `IMaterialLedger.Change`.
    uint256 private constant _DELIVERY_LENGTH = 160;
    uint256 private constant _CHANGE_LENGTH = 160;

    address private immutable _ESCROW;
    IParticipantRegistry private immutable _REGISTRY;
    IMaterialLedger private immutable _LEDGER;
    IConditionMonitor private immutable _MONITOR;
    IDemandEscrow private immutable _DEMAND;

    constructor(
        IParticipantRegistry registry,
        IMaterialLedger ledger,
        IConditionMonitor monitor,
        IDemandEscrow demandEscrow
    ) {
        _ESCROW = msg.sender;
        _REGISTRY = registry;
        _LEDGER = ledger;
        _MONITOR = monitor;
        _DEMAND = demandEscrow;
    }

    // --- bookings ---

    /// @notice Struct hash of a booking.
    function hashBooking(IFreightEscrow.Booking calldata booking) external pure returns (bytes32) {
        return booking.hash();
    }

    /// @notice Checks the terms, the legs and all signatures of a booking; returns its struct hash.
    /// @dev After the arguments stands who submits it.
    function checkBooking(
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.BookingSignatures calldata signatures,
        IFreightEscrow.Permit calldata
    ) external view returns (bytes32 order) {
        address caller = abi.decode(msg.data[msg.data.length - 32:], (address));
        bytes32 domain = _domain();
        _checkTerms(booking);
        _checkTimes(booking);
        _checkLegs(booking.legs);
        order = booking.hash();
        if (caller != booking.payer) {
            _requireSigned(domain, booking.payer, order.order(booking.payer), signatures.payer);
        }
        _checkCarriers(domain, order, booking.legs, signatures.carriers);
        // Whoever could not accept at the end would cost the last carrier its freight.
        _REGISTRY.requireActive(booking.consignee, IParticipantRegistry.Role.RECIPIENT);
        IFreightEscrow.Policy policy = booking.terms.policy;
        bool isByDeviceAlone = policy == IFreightEscrow.Policy.DEVICE
            || policy == IFreightEscrow.Policy.DEVICE_THEN_SILENCE;
        if (isByDeviceAlone) {
            _checkDeviceOfOthers(booking.device, booking.legs[booking.legs.length - 1].carrier);
        }
        // Or a donor could tie up the demand that it serves with goods that take two months to come.
        bool isByDonor = booking.payer != booking.consignee && booking.payer != _DEMAND.reliefFund();
        if ((isByDeviceAlone || isByDonor) && caller != booking.consignee) {
            _requireSigned(
                domain,
                booking.consignee,
                order.consent(booking.consignee, policy),
                signatures.consignee
            );
        }
    }

    /// @notice Checks that the way begins where the parcels rest and ends where they are needed; returns their units.
    function checkGoods(
        uint64 id,
        uint64[] calldata parcels,
        uint64[] calldata allocations,
        uint32 start,
        uint32 end
    ) external view returns (uint64 units) {
        for (uint256 i; i < parcels.length; ++i) {
            IMaterialLedger.Parcel memory parcel = _LEDGER.parcel(parcels[i]);
            if (parcel.station != start) {
                revert IFreightEscrow.WrongStation(id, parcel.station, start);
            }
            units += parcel.units;
            uint32 needed = _DEMAND.stationOf(allocations[i]);
            if (needed != end) revert IFreightEscrow.WrongStation(id, needed, end);
        }
    }

    // --- changes of hands ---

    /// @notice Reverts: says in what a handover differs from the change of custody that it should be.
    /// @dev After the arguments stands a `IMaterialLedger.Change`.
    function refuseHandover(
        IFreightEscrow.Handover calldata handover,
        bytes calldata,
        bytes calldata
    ) external view {
        IMaterialLedger.Change memory change = abi.decode(
            msg.data[msg.data.length - _CHANGE_LENGTH:], (IMaterialLedger.Change)
        );
        uint64 id = handover.consignment;
        if (block.timestamp > handover.deadline) revert IFreightEscrow.Expired(handover.deadline);
        if (handover.sequence != change.sequence) {
            revert IFreightEscrow.WrongSequence(id, change.sequence, handover.sequence);
        }
        if (handover.from != change.from) {
            revert IFreightEscrow.WrongParty(id, change.from, handover.from);
        }
        if (handover.to != change.taker) {
            revert IFreightEscrow.WrongParty(id, change.taker, handover.to);
        }
        if (handover.station != change.station) {
            revert IFreightEscrow.WrongStation(id, change.station, handover.station);
        }
        revert IFreightEscrow.WrongContent(id, change.content, handover.content);
    }

    /// @notice Checks a proof of delivery by its policy; returns whether the consignee has accepted.
    /// @dev After the arguments stands a `Delivery`.
    function checkProof(IFreightEscrow.Proof calldata proof) external view returns (bool accepted) {
        Delivery memory expected =
            abi.decode(msg.data[msg.data.length - _DELIVERY_LENGTH:], (Delivery));
        bytes32 domain = _domain();
        bytes32 digest =
            _checkedDigest(domain, proof.handover, expected.consignee, expected.station);
        _REGISTRY.requireActive(expected.consignee, IParticipantRegistry.Role.RECIPIENT);
        SignatureCheck.requireValid(proof.handover.from, digest, proof.release);
        accepted = proof.acceptance.length != 0
            || expected.policy == IFreightEscrow.Policy.CONSIGNEE
            || expected.policy == IFreightEscrow.Policy.BOTH;
        if (accepted) SignatureCheck.requireValid(expected.consignee, digest, proof.acceptance);
        if (expected.policy == IFreightEscrow.Policy.CONSIGNEE) return accepted;

        bool isDeviceOver =
            accepted && proof.deviceSignature.length == 0 && block.timestamp >= expected.deviceOver;
        if (!isDeviceOver) _checkArrival(domain, proof);
        if (!accepted) _checkSilence(proof.handover, expected.longestSilence);
    }

    // --- outcomes ---

    /// @notice What legs earn that have handed on, from the first; and whether their goods are unfit for use: a floor was
    /// passed, or the silence was so long that their condition is unproven.
    function assess(
        uint64 id,
        bool isWatched,
        IFreightEscrow.Terms calldata terms,
        Way[] calldata ways
    ) external view returns (IFreightEscrow.Outcome[] memory outcomes, bool isUnfit) {
        outcomes = new IFreightEscrow.Outcome[](ways.length);
        if (ways.length == 0) return (outcomes, false);
        IFreightEscrow.Outcome memory whole;
        for (uint256 i; i < ways.length; ++i) {
            Way calldata way = ways[i];
            uint40 excuse = i == 0
                ? 0
                : Settlement.inheritance(
                    way.from, ways[i - 1].part.latestArrival, way.part.departure
                );
            IFreightEscrow.Outcome memory outcome = outcomes[i];
            outcome.late = Settlement.over(Settlement.over(way.to, way.part.latestArrival), excuse);
            if (isWatched) _expose(outcome, id, way.from, way.to);
            outcome.pay = Settlement.payRoundedDown(way.part.freight, terms, outcome);
        }
        if (!isWatched) return (outcomes, false);
        _expose(whole, id, ways[0].from, ways[ways.length - 1].to);
        isUnfit = whole.temperature > terms.exposureFloor || whole.humidity > terms.humidityFloor
            || (terms.policy != IFreightEscrow.Policy.CONSIGNEE
                && whole.silence > terms.longestSilence);
    }

    // --- internal reads ---

    /// @dev FreightEscrow's EIP-712 domain separator.
    function _domain() private view returns (bytes32) {
        return keccak256(abi.encode(_DOMAIN_TYPEHASH, _NAME, _VERSION, block.chainid, _ESCROW));
    }

    function _expose(IFreightEscrow.Outcome memory outcome, uint64 id, uint40 from, uint40 to)
        private
        view
    {
        (outcome.temperature, outcome.humidity, outcome.silence) =
            _MONITOR.exposureBetween(id, from, to);
    }

    function _checkTerms(IFreightEscrow.Booking calldata booking) private pure {
        IFreightEscrow.Terms calldata terms = booking.terms;
        bool isByConsignee = terms.policy == IFreightEscrow.Policy.CONSIGNEE;
        if (
            terms.policy == IFreightEscrow.Policy.NULL
                || terms.temperatureMin > terms.temperatureMax
                || terms.humidityMin > terms.humidityMax || terms.lateZero > Settlement.GRACE
                || (!isByConsignee && terms.longestSilence == 0)
        ) revert IFreightEscrow.BadTerms();
        if (
            terms.lateFree > terms.lateZero || terms.exposureFree > terms.exposureZero
                || terms.humidityFree > terms.humidityZero
        ) revert IFreightEscrow.CurveNotMonotone();
        if (booking.device != address(0)) return;
        bool isBandWidest = terms.temperatureMin == type(int16).min
            && terms.temperatureMax == type(int16).max && terms.humidityMin == 0
            && terms.humidityMax >= 10_000;
        if (!isByConsignee || !isBandWidest) revert IFreightEscrow.DeviceMissing();
    }

    function _checkTimes(IFreightEscrow.Booking calldata booking) private view {
        if (block.timestamp > booking.deadline) revert IFreightEscrow.Expired(booking.deadline);
        if (block.timestamp > booking.pickUpBy) revert IFreightEscrow.Expired(booking.pickUpBy);
        if (booking.allocations.length == 0) revert IFreightEscrow.NoAllocations();
        if (booking.legs.length == 0) revert IFreightEscrow.NoLegs();
        if (booking.pickUpBy > booking.legs[0].latestArrival) revert IFreightEscrow.LegTimes(0);
    }

    function _checkLegs(IFreightEscrow.LegRequest[] calldata legs) private view {
        if (legs.length > Settlement.MAX_LEGS) {
            revert IFreightEscrow.TooManyLegs(legs.length, Settlement.MAX_LEGS);
        }
        for (uint8 i; i < legs.length; ++i) {
            IFreightEscrow.LegRequest calldata leg = legs[i];
            if (leg.freight == 0) revert IFreightEscrow.ZeroFreight(i);
            if (
                leg.departure >= leg.latestArrival
                    || leg.latestArrival > block.timestamp + Settlement.HORIZON
            ) {
                revert IFreightEscrow.LegTimes(i);
            }
            if (i == 0) continue;
            IFreightEscrow.LegRequest calldata before = legs[i - 1];
            if (leg.fromStation != before.toStation) revert IFreightEscrow.LegsDoNotJoin(i);
            if (leg.departure < before.departure || leg.latestArrival < before.latestArrival) {
                revert IFreightEscrow.LegTimes(i);
            }
        }
    }

    function _checkCarriers(
        bytes32 domain,
        bytes32 order,
        IFreightEscrow.LegRequest[] calldata legs,
        bytes[] calldata signatures
    ) private view {
        if (signatures.length != legs.length) {
            revert IFreightEscrow.SignatureCount(signatures.length, legs.length);
        }
        for (uint256 i; i < legs.length; ++i) {
            address carrier = legs[i].carrier;
            _requireSigned(domain, carrier, order.acceptance(i, carrier), signatures[i]);
        }
    }

    /// @dev Where a device speaks for the consignee, it must not be the voice of the carrier that releases.
    function _checkDeviceOfOthers(address device, address lastCarrier) private view {
        address operator = _REGISTRY.device(device).operator;
        if (
            _REGISTRY.participant(operator).organisation
                == _REGISTRY.participant(lastCarrier).organisation
        ) revert IFreightEscrow.DeviceOfCarrier(device, lastCarrier);
    }

    /// @dev Returns what both sides of a handover sign.
    function _checkedDigest(
        bytes32 domain,
        IFreightEscrow.Handover calldata handover,
        address to,
        uint32 station
    ) private view returns (bytes32) {
        uint64 id = handover.consignment;
        if (block.timestamp > handover.deadline) revert IFreightEscrow.Expired(handover.deadline);
        IMaterialLedger.Load memory load = _LEDGER.load(id);
        if (handover.sequence != load.sequence) {
            revert IFreightEscrow.WrongSequence(id, load.sequence, handover.sequence);
        }
        if (handover.from != load.custodian) {
            revert IFreightEscrow.WrongParty(id, load.custodian, handover.from);
        }
        if (handover.to != to) revert IFreightEscrow.WrongParty(id, to, handover.to);
        if (handover.station != station) {
            revert IFreightEscrow.WrongStation(id, station, handover.station);
        }
        if (handover.content != load.content) {
            revert IFreightEscrow.WrongContent(id, load.content, handover.content);
        }
        // The ledger asks the same, but of a device's proof only when it settles.
        if (handover.at < load.since || handover.at > block.timestamp) {
            revert IMaterialLedger.WrongHandoverTime(
                handover.at, load.since, uint40(block.timestamp)
            );
        }
        return MessageHashUtils.toTypedDataHash(domain, handover.hash());
    }

    function _checkArrival(bytes32 domain, IFreightEscrow.Proof calldata proof) private view {
        IFreightEscrow.Arrival calldata arrival = proof.arrival;
        IFreightEscrow.Handover calldata handover = proof.handover;
        if (
            arrival.consignment != handover.consignment || arrival.station != handover.station
                || arrival.at > handover.at
        ) revert IFreightEscrow.WrongArrival(handover.consignment);
        if (block.timestamp > arrival.deadline) revert IFreightEscrow.Expired(arrival.deadline);
        _MONITOR.requireArrival(
            arrival.consignment,
            arrival.batches,
            arrival.at,
            MessageHashUtils.toTypedDataHash(domain, arrival.hash()),
            proof.deviceSignature
        );
    }

    function _checkSilence(IFreightEscrow.Handover calldata handover, uint32 longest) private view {
        uint64 id = handover.consignment;
        (, uint40 pickedUpAt) = _LEDGER.custodySpan(id, 1);
        (,, uint40 silence) = _MONITOR.exposureBetween(id, pickedUpAt, handover.at);
        if (silence > longest) revert IFreightEscrow.SilentTooLong(id, silence, longest);
    }

    function _requireSigned(
        bytes32 domain,
        address signer,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        SignatureCheck.requireValid(
            signer, MessageHashUtils.toTypedDataHash(domain, structHash), signature
        );
    }
}
