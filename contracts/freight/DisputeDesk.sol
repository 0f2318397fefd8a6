// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDisputeDesk} from "../../interfaces/IDisputeDesk.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IFreightHolds} from "../../interfaces/IFreightHolds.sol";
import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title DisputeDesk
/// @notice Disputes, before settlement, about what one leg of a consignment earns, or its seller.
contract DisputeDesk is IDisputeDesk, EIP712 {
    using SafeERC20 for ILogisticsCurrency;

    /// @inheritdoc IDisputeDesk
    uint40 public constant RULING = 7 days;
    /// @inheritdoc IDisputeDesk
    uint40 public constant LIMITATION = 7 days;

    /// @inheritdoc IDisputeDesk
    bytes32 public constant SPLIT_TYPEHASH = keccak256(
        "Split(uint64 dispute,uint64 consignment,uint8 leg,uint128 award,uint40 deadline)"
    );

    /// @dev Parts of a bond: of what is in dispute, and of all that waits for it.
    uint256 private constant _OF_DISPUTED = 10;
    uint256 private constant _OF_HELD_UP = 200;

    /// @notice Where parties' organisations are looked up.
    IParticipantRegistry public immutable registry;
    /// @notice Where custody is kept.
    IMaterialLedger public immutable ledger;
    /// @notice In what bonds are paid.
    ILogisticsCurrency public immutable currency;
    /// @notice Whose consignments are disputed.
    IFreightEscrow public immutable freightEscrow;
    IFreightHolds private immutable _HOLDS;

    /// @inheritdoc IDisputeDesk
    uint64 public disputeCount;
    /// @inheritdoc IDisputeDesk
    uint256 public totalBonds;
    /// @inheritdoc IDisputeDesk
    mapping(uint64 consignment => mapping(uint8 leg => mapping(address party => uint64))) public
        disputeOf;
    /// @inheritdoc IDisputeDesk
    mapping(uint64 consignment => mapping(uint8 leg => uint64 id)) public awardedBy;

    mapping(uint64 id => Dispute) private _disputes;

    constructor(
        address participantRegistry,
        address materialLedger,
        address logisticsCurrency,
        address freightEscrow_
    ) EIP712("Aidline DisputeDesk", "1") {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
        currency = ILogisticsCurrency(References.required(logisticsCurrency));
        freightEscrow = IFreightEscrow(References.required(freightEscrow_));
        _HOLDS = IFreightHolds(freightEscrow_);
    }

    // --- reads ---

    /// @inheritdoc IDisputeDesk
    function dispute(uint64 id) external view returns (Dispute memory record) {
        record = _disputes[id];
        if (record.status == DisputeStatus.NULL) revert UnknownDispute(id);
    }

    /// @inheritdoc IDisputeDesk
    function bondOf(IFreightEscrow.Booking calldata booking, uint8 leg)
        public
        pure
        returns (uint128)
    {
        (, uint256 disputed) = _stake(booking, leg);
        uint256 heldUp = booking.price;
        for (uint256 i; i < booking.legs.length; ++i) {
            heldUp += booking.legs[i].freight;
        }
        // Less than what was prepaid, which fits.
        return uint128(
            (disputed + _OF_DISPUTED - 1) / _OF_DISPUTED + (heldUp + _OF_HELD_UP - 1) / _OF_HELD_UP
        );
    }

    // --- parties ---

    /// @inheritdoc IDisputeDesk
    function raise(IFreightEscrow.Booking calldata booking, uint8 leg, bytes32 claim)
        external
        returns (uint64 id)
    {
        if (claim == 0) revert NoClaim();
        uint64 consignment = _consignmentOf(booking);
        if (consignment == 0) revert WrongBooking(consignment);
        address other = _opponent(consignment, booking, leg);
        _checkTime(consignment, booking, leg);
        if (disputeOf[consignment][leg][msg.sender] != 0) {
            revert AlreadyRaised(disputeOf[consignment][leg][msg.sender]);
        }
        if (awardedBy[consignment][leg] != 0) revert AlreadyAwarded(awardedBy[consignment][leg]);

        id = ++disputeCount;
        Dispute memory record = Dispute({
            raiser: msg.sender,
            until: uint40(block.timestamp) + RULING,
            leg: leg,
            status: DisputeStatus.OPEN,
            other: other,
            consignment: consignment,
            bond: bondOf(booking, leg)
        });
        _disputes[id] = record;
        disputeOf[consignment][leg][msg.sender] = id;
        totalBonds += record.bond;
        emit DisputeRaised(
            id, consignment, msg.sender, leg, other, record.bond, record.until, claim
        );

        currency.safeTransferFrom(msg.sender, address(this), record.bond);
        _HOLDS.hold(consignment);
    }

    // --- anyone, with both signatures ---

    /// @inheritdoc IDisputeDesk
    function settleByAgreement(
        IFreightEscrow.Booking calldata booking,
        Split calldata split,
        bytes calldata payer,
        bytes calldata payee
    ) external {
        if (block.timestamp > split.deadline) revert Expired(split.deadline);
        Dispute storage record = _open(split.dispute);
        if (split.consignment != record.consignment || split.leg != record.leg) {
            revert WrongSplit(split.dispute);
        }
        address earner = _checkAward(record, booking, split.award);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(SPLIT_TYPEHASH, split)));
        SignatureCheck.requireValid(booking.payer, digest, payer);
        SignatureCheck.requireValid(earner, digest, payee);

        _end(
            split.dispute,
            record,
            DisputeStatus.AGREED,
            Ruling({isAwarded: true, isFounded: true, award: split.award, reason: 0}),
            address(0)
        );
    }

    // --- arbiters ---

    /// @inheritdoc IDisputeDesk
    function rule(uint64 id, IFreightEscrow.Booking calldata booking, Ruling calldata ruling)
        external
    {
        if (ruling.reason == 0) revert NoReason();
        Dispute storage record = _open(id);
        if (block.timestamp >= record.until) revert RulingOver(id, record.until);
        _checkAward(record, booking, ruling.award);
        _requireIndependent(id, booking);

        _end(id, record, DisputeStatus.RULED, ruling, msg.sender);
    }

    // --- anyone, from a time on ---

    /// @inheritdoc IDisputeDesk
    function close(uint64 id) external {
        Dispute storage record = _open(id);
        bool isMoot = awardedBy[record.consignment][record.leg] != 0;
        if (!isMoot && block.timestamp < record.until) revert NotYet(id, record.until);
        _end(
            id,
            record,
            isMoot ? DisputeStatus.MOOT : DisputeStatus.LAPSED,
            Ruling({isAwarded: false, isFounded: isMoot, award: 0, reason: 0}),
            address(0)
        );
    }

    // --- internal reads ---

    function _open(uint64 id) private view returns (Dispute storage record) {
        record = _disputes[id];
        if (record.status == DisputeStatus.NULL) revert UnknownDispute(id);
        if (record.status != DisputeStatus.OPEN) revert DisputeNotOpen(id, record.status);
    }

    /// @dev The consignment that a booking became.
    function _consignmentOf(IFreightEscrow.Booking calldata booking) private view returns (uint64) {
        return freightEscrow.consignmentOf(freightEscrow.hashBooking(booking));
    }

    /// @dev Who earns in a leg, and at most how much; the seller and its price come after the last.
    function _stake(IFreightEscrow.Booking calldata booking, uint8 leg)
        private
        pure
        returns (address payee, uint128 amount)
    {
        if (leg == booking.legs.length && booking.seller != address(0)) {
            return (booking.seller, booking.price);
        }
        if (leg >= booking.legs.length) revert UnknownLeg(leg);
        return (booking.legs[leg].carrier, booking.legs[leg].freight);
    }

    /// @dev Against whom the caller raises: who earns, or of that one the payer; a payer that is no participant, as a fund, could not use what it wins.
    /// Two of one organisation have nothing to lose to each other.
    function _opponent(uint64 consignment, IFreightEscrow.Booking calldata booking, uint8 leg)
        private
        view
        returns (address other)
    {
        (other,) = _stake(booking, leg);
        if (msg.sender == other) {
            bool isStrange = registry.participant(booking.payer).registeredAt == 0;
            other = isStrange && booking.consignee != address(0) ? booking.consignee : booking.payer;
        } else if (msg.sender != booking.payer && msg.sender != booking.consignee) {
            revert NotParty(consignment, leg, msg.sender);
        }
        if (msg.sender == other || _organisationOf(msg.sender) == _organisationOf(other)) {
            revert SameOrganisation(msg.sender, other);
        }
    }

    /// @dev The leg's carrier has taken custody, and has not handed on too long ago. The price is not earned before delivery.
    function _checkTime(uint64 consignment, IFreightEscrow.Booking calldata booking, uint8 leg)
        private
        view
    {
        IMaterialLedger.Stop[] memory route = ledger.routeOf(consignment);
        bool isLeg = leg < booking.legs.length;
        if (route[isLeg ? uint256(leg) + 1 : 1].since == 0) revert LegNotBegun(consignment, leg);
        uint40 handedOn = isLeg ? route[uint256(leg) + 2].since : 0;
        if (handedOn != 0 && block.timestamp >= handedOn + LIMITATION) {
            revert LegBarred(consignment, leg, handedOn + LIMITATION);
        }
    }

    /// @dev The booking is the one in dispute, its leg has no award yet, and can earn as much as this. Returns who earns it.
    function _checkAward(
        Dispute storage record,
        IFreightEscrow.Booking calldata booking,
        uint128 award
    ) private view returns (address payee) {
        uint64 consignment = _consignmentOf(booking);
        uint8 leg = record.leg;
        if (consignment != record.consignment) revert WrongBooking(consignment);
        if (awardedBy[consignment][leg] != 0) revert AlreadyAwarded(awardedBy[consignment][leg]);
        uint128 most;
        (payee, most) = _stake(booking, leg);
        if (award > most) revert AwardTooHigh(award, most);
    }

    function _requireIndependent(uint64 id, IFreightEscrow.Booking calldata booking) private view {
        bytes32 own = _organisationOf(msg.sender);
        bool isApart = registry.isActive(msg.sender, IParticipantRegistry.Role.ARBITER)
            && own != _organisationOf(booking.payer) && own != _organisationOf(booking.consignee)
            && own != _organisationOf(booking.seller);
        for (uint256 i; isApart && i < booking.legs.length; ++i) {
            isApart = own != _organisationOf(booking.legs[i].carrier);
        }
        if (!isApart) revert NotIndependent(id, msg.sender);
    }

    /// @dev Zero for who is not registered, as a fund that pays is not.
    function _organisationOf(address who) private view returns (bytes32) {
        return registry.participant(who).organisation;
    }

    // --- internal writes ---

    function _end(
        uint64 id,
        Dispute storage record,
        DisputeStatus status,
        Ruling memory ruling,
        address arbiter
    ) private {
        uint64 consignment = record.consignment;
        uint128 bond = record.bond;
        address bondTo = ruling.isFounded ? record.raiser : record.other;
        uint128 award = ruling.isAwarded ? ruling.award : 0;
        record.status = status;
        if (ruling.isAwarded) awardedBy[consignment][record.leg] = id;
        totalBonds -= bond;
        emit DisputeEnded(
            id, consignment, arbiter, status, ruling.isAwarded, award, bondTo, ruling.reason
        );

        _HOLDS.resume(consignment, record.leg, award, ruling.isAwarded);
        currency.safeTransfer(bondTo, bond);
    }
}
