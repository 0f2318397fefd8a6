// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";

/// @title IDisputeDesk
/// @notice Disputes, before settlement, about what one leg of a consignment earns, or its seller.
/// @dev While a dispute is open the consignment's money waits; its goods do not (`IFreightHolds`). It ends by agreement of those whose money it is, by an
/// arbiter's ruling within `RULING`, or by anyone from then on with what the terms compute.
/// The seller's price counts as one leg more, after the last; who earns it is its carrier here.
/// Trust: an arbiter can move no more than the freight of the leg in dispute, between its payer and its carrier. The desk holds bonds only.
interface IDisputeDesk {
    /// @notice Where a dispute is, and by what it ended: both have agreed, an arbiter has ruled, nobody did either in time, or another
    /// dispute about the same leg has decided it.
    enum DisputeStatus {
        NULL,
        OPEN,
        AGREED,
        RULED,
        LAPSED,
        MOOT
    }

    /// @notice A dispute.
    /// @param raiser Who raised it and paid the bond. @param until Unix second from which it lapses. @param other Who gets a bond that is lost: the leg's
    /// carrier; of a dispute that this one raised the payer, or where that is no participant the consignee. @param bond Base units of the currency.
    struct Dispute {
        address raiser; // slot 0
        uint40 until;
        uint8 leg;
        DisputeStatus status;
        address other; // slot 1
        uint64 consignment;
        uint128 bond; // slot 2
    }

    /// @notice What payer and carrier agree on, signed by both (EIP-712). A dispute ends once, so its id is the nonce.
    /// @param award What the leg earns, base units. @param deadline Last unix second at which it can be submitted.
    struct Split {
        uint64 dispute;
        uint64 consignment;
        uint8 leg;
        uint128 award;
        uint40 deadline;
    }

    /// @notice What an arbiter rules.
    /// @param isAwarded True: the leg earns `award`; false: what the terms compute. @param isFounded True: the bond goes back; false: to the other party. @param reason Hash of the written ruling.
    struct Ruling {
        bool isAwarded;
        bool isFounded;
        uint128 award;
        bytes32 reason;
    }

    event DisputeRaised(
        uint64 indexed dispute,
        uint64 indexed consignment,
        address indexed raiser,
        uint8 leg,
        address other,
        uint128 bond,
        uint40 until,
        bytes32 claim
    );
    /// @notice A dispute has ended. @param arbiter Who ruled, else zero. @param award Zero unless `isAwarded`. @param bondTo Who got the bond. @param reason Of a ruling.
    event DisputeEnded(
        uint64 indexed dispute,
        uint64 indexed consignment,
        address indexed arbiter,
        DisputeStatus status,
        bool isAwarded,
        uint128 award,
        address bondTo,
        bytes32 reason
    );

    error UnknownDispute(uint64 dispute);
    error DisputeNotOpen(uint64 dispute, DisputeStatus status);
    /// @notice The booking handed in is not the consignment's; `consignment` is what it became, or zero.
    error WrongBooking(uint64 consignment);
    error UnknownLeg(uint8 leg);
    error NotParty(uint64 consignment, uint8 leg, address caller);
    /// @notice Raiser and other party are of one organisation: the bond would be lost to nobody.
    error SameOrganisation(address raiser, address other);
    error NoClaim();
    error NoReason();
    error LegNotBegun(uint64 consignment, uint8 leg);
    /// @notice Too late: the leg's goods were handed on `LIMITATION` ago or longer.
    error LegBarred(uint64 consignment, uint8 leg, uint40 until);
    error AlreadyRaised(uint64 dispute);
    /// @notice The leg has its award, by this dispute.
    error AlreadyAwarded(uint64 dispute);
    error AwardTooHigh(uint128 award, uint128 most);
    error WrongSplit(uint64 dispute);
    error Expired(uint40 deadline);
    error RulingOver(uint64 dispute, uint40 until);
    error NotYet(uint64 dispute, uint40 from);
    /// @notice Not an active arbiter, or of the organisation of a party to the booking.
    error NotIndependent(uint64 dispute, address arbiter);

    // --- reads ---

    /// @notice Seconds from raising within which a dispute is settled or ruled on.
    function RULING() external view returns (uint40);
    /// @notice Seconds from a leg's handing on until which it can be disputed.
    function LIMITATION() external view returns (uint40);

    /// @notice The dispute. @dev Reverts with `UnknownDispute`.
    function dispute(uint64 id) external view returns (Dispute memory);
    /// @notice Number of disputes, which carry the ids 1 to this.
    function disputeCount() external view returns (uint64);
    /// @notice The dispute that a party has raised about a leg, or zero.
    function disputeOf(uint64 consignment, uint8 leg, address party) external view returns (uint64);
    /// @notice The dispute that has awarded a leg, or zero.
    function awardedBy(uint64 consignment, uint8 leg) external view returns (uint64);
    /// @notice The bond of a dispute about a leg: a tenth of its freight and a two-hundredth of all that is held up, each rounded up.
    function bondOf(IFreightEscrow.Booking calldata booking, uint8 leg)
        external
        view
        returns (uint128);
    /// @notice Bonds of open disputes. The desk's currency is this, and what somebody sent it as a present.
    function totalBonds() external view returns (uint256);

    /// @notice Type of `Split`: "Split(uint64 dispute,uint64 consignment,uint8 leg,uint128 award,uint40 deadline)".
    function SPLIT_TYPEHASH() external view returns (bytes32);

    // --- parties ---

    /// @notice Raises a dispute about a leg: the caller's bond is taken, the consignment's money is held (`IFreightHolds.hold`).
    /// @param booking As it was booked. @param leg The leg, the first being 0; the number of legs for the seller's price. @param claim Hash of the written claim.
    /// @dev The caller is payer, consignee, or the leg's carrier, raises once about a leg, and is not of the organisation that a lost bond would go to. The consignment has not ended; the leg's carrier has taken
    /// custody and not handed on longer than `LIMITATION` ago; the leg has no award. Emits `DisputeRaised`.
    function raise(IFreightEscrow.Booking calldata booking, uint8 leg, bytes32 claim)
        external
        returns (uint64 id);

    // --- anyone, with both signatures ---

    /// @notice Ends a dispute as payer and carrier have agreed: the leg earns the award, at most its freight; the bond goes back.
    /// @dev The payer signs though the consignee has raised it: the money is the payer's. While open, also after `until`. Emits `DisputeEnded`.
    function settleByAgreement(
        IFreightEscrow.Booking calldata booking,
        Split calldata split,
        bytes calldata payer,
        bytes calldata payee
    ) external;

    // --- arbiters ---

    /// @notice Ends a dispute by ruling, before `until`.
    /// @dev The arbiter is active and of no party's organisation: payer, consignee, seller, carriers, all of them. Emits `DisputeEnded`.
    function rule(uint64 id, IFreightEscrow.Booking calldata booking, Ruling calldata ruling)
        external;

    // --- anyone, from a time on ---

    /// @notice Ends a dispute that nobody settled or ruled on, from `until` on: the terms compute what the leg earns, the bond goes to the other party.
    /// At once, and with the bond back, when another dispute has awarded the leg. @dev Emits `DisputeEnded`.
    function close(uint64 id) external;
}
