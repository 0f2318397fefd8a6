// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";
import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IReliefFund
/// @notice Money given, by earmark; what each outflow used up, first in, first out.
/// @dev Each earmark is a line on which gifts are laid end to end as intervals; outflows use it up from the front, so that no outflow loops over
/// gifts. What a donor takes back leaves a hole that closes at once: gifts behind it move up, which costs no outflow and no later gift anything, since how far a
/// gift has moved is a sum over the gifts before it, read only where it is asked for. Money leaves only as prepaid freight of a consignment, or back to who gave it
/// (INV-DON-2: currency held = given + recovered - spent - respent - returned over all lines, and what finished consignments have sent back but
/// nobody has reclaimed yet; currency sent here unasked belongs to no line).
/// Trust: a spender may book only under a release, up to its ceiling, until its end, and for whom the givers meant the money; carriers of other organisations
/// than the spender's are paid, at the freight that the spender agrees to within the demand's budget.
interface IReliefFund {
    /// @notice One earmark's money, base units of the currency.
    /// @param given Sum of gifts. @param spent Used up of what was given. @param recovered Came back from finished consignments. @param respent Used up of what came back.
    /// @param returned Taken back by those who gave it. @param gifts Number of gifts.
    struct Line {
        uint128 given; // slot 0
        uint128 spent;
        uint128 recovered; // slot 1
        uint128 respent;
        uint128 returned; // slot 2
        uint32 gifts;
    }

    /// @notice A gift's interval [from, from + amount) on its line, as it was laid there, see `intervalOf`.
    /// @param at Unix seconds of the gift. @param index Its place among the line's gifts, from 0. @param amount Base units of the currency. @param returned Taken back of it.
    struct MoneyGift {
        address donor; // slot 0
        uint40 at;
        uint32 index;
        bytes32 line; // slot 1
        uint128 from; // slot 2
        uint128 amount;
        uint128 returned; // slot 3
    }

    /// @notice What one consignment took from a line.
    /// @param from Start on the line of what was given. @param amount Taken from it. @param fromRecovered Taken from what had come back. @param returned Came back.
    struct Outflow {
        bytes32 line; // slot 0
        uint64 consignment; // slot 1
        uint64 release;
        bool reclaimed;
        uint128 from; // slot 2
        uint128 amount;
        uint128 fromRecovered; // slot 3
        uint128 returned;
    }

    /// @notice Permission to spend, opened by an emergency plan.
    struct Release {
        bytes32 emergency; // slot 0
        bytes32 line; // slot 1
        address spender; // slot 2
        uint40 until;
        uint128 ceiling; // slot 3
        uint128 spent;
    }

    event LineOpened(bytes32 indexed line, IMaterialLedger.EarmarkKind kind, bytes32 scope);
    event MoneyReceived(
        uint64 indexed gift,
        address indexed donor,
        bytes32 indexed line,
        uint128 from,
        uint128 amount
    );
    event MoneyReleased(
        uint64 indexed release,
        bytes32 indexed emergency,
        bytes32 indexed line,
        address spender,
        uint128 ceiling,
        uint40 until
    );
    event MoneySpent(
        uint64 indexed outflow,
        uint64 indexed release,
        uint64 indexed consignment,
        bytes32 line,
        uint128 from,
        uint128 amount,
        uint128 fromRecovered
    );
    event MoneyReturned(
        uint64 indexed gift, bytes32 indexed line, address indexed to, uint128 amount
    );
    event MoneyRecovered(uint64 indexed outflow, uint64 indexed consignment, uint128 amount);

    error NotWriter(address caller);
    error ZeroSpender();
    error ZeroCeiling();
    error BadReleaseEnd(uint40 until);
    error BelowMinimum(uint128 amount, uint128 minimum);
    error UnknownGift(uint64 gift);
    error UnknownRelease(uint64 release);
    error UnknownOutflow(uint64 outflow);
    error NotSpender(uint64 release, address caller);
    /// @notice The spender is unknown or suspended.
    error SpenderNotActive(uint64 release, address spender);
    /// @notice The carrier is of the spender's organisation.
    error OwnCarrier(uint64 release, address carrier);
    /// @notice The consignee is not whom the line's earmark means.
    error OutsideEarmark(bytes32 line, address consignee);
    /// @notice The booking took another amount than its legs' freight.
    error WrongAmountTaken(uint256 expected, uint256 taken);
    error ReleaseOver(uint64 release, uint40 until);
    error CeilingExceeded(uint64 release, uint128 asked, uint128 left);
    error NotEnoughMoney(bytes32 line, uint128 asked, uint128 there);
    error WrongPayer(address payer);
    error NotEnded(uint64 consignment);
    error AlreadyReclaimed(uint64 outflow);
    /// @notice All of the gift is spent or was taken back.
    error NothingLeft(uint64 gift);

    /// @notice Smallest gift, base units of the currency.
    function MINIMUM_GIFT() external view returns (uint128);

    /// @notice Id of the line of an earmark: `keccak256(abi.encode(kind, scope))`.
    function lineOf(IMaterialLedger.Earmark calldata earmark) external pure returns (bytes32);

    /// @notice The line's money; all zero when nothing was ever given or released on it.
    function line(bytes32 id) external view returns (Line memory);

    /// @notice The earmark of a line; kind NULL before the line was opened.
    function earmarkOf(bytes32 lineId) external view returns (IMaterialLedger.Earmark memory);

    /// @notice The gift. @dev Reverts with `UnknownGift`.
    function moneyGift(uint64 id) external view returns (MoneyGift memory);

    /// @notice Where the gift lies now, [from, end): without what was taken back of it and of the gifts before it. What lies before the line's `spent` is used up.
    /// @dev Reads as many words as the number of the line's gifts has binary digits. Reverts with `UnknownGift`.
    function intervalOf(uint64 gift) external view returns (uint128 from, uint128 end);

    /// @notice The release. @dev Reverts with `UnknownRelease`.
    function releaseRecord(uint64 id) external view returns (Release memory);

    /// @notice The outflow. @dev Reverts with `UnknownOutflow`.
    function outflow(uint64 id) external view returns (Outflow memory);

    /// @notice The outflow that paid for a consignment; zero when the fund did not.
    function outflowOf(uint64 consignment) external view returns (uint64);

    /// @notice Number of gifts, which carry the ids 1 to this.
    function giftCount() external view returns (uint64);

    /// @notice Number of releases, which carry the ids 1 to this.
    function releaseCount() external view returns (uint64);

    /// @notice Number of outflows, which carry the ids 1 to this.
    function outflowCount() external view returns (uint64);

    /// @notice What a line can still spend, base units.
    function available(bytes32 lineId) external view returns (uint128);

    /// @notice How much of a gift has been used up, and the consignments that it paid for with the amounts: at most `most` of them, from the `skip`-th on.
    /// @dev What a finished consignment sent back is the line's again and is not laid to a gift. Reverts with `UnknownGift`.
    function spentOf(uint64 gift, uint256 skip, uint256 most)
        external
        view
        returns (uint128 spent, uint64[] memory consignments, uint128[] memory amounts);

    // --- DonationRegistry only ---

    /// @notice Takes `amount` from `donor` (who has approved this fund, or whose permit for it rides along) as a gift by `earmark`.
    /// @dev A permit used up by somebody else does not stop it where the allowance suffices. Emits `MoneyReceived`, and `LineOpened` the first time. Reverts with `BelowMinimum`, `BadEarmark`.
    function receiveFrom(
        address donor,
        uint128 amount,
        IMaterialLedger.Earmark calldata earmark,
        IFreightEscrow.Permit calldata permit
    ) external returns (uint64 gift);

    /// @notice Sends what is not spent of a gift to `to`. @dev Writes at most as many words as the number of the line's gifts has binary digits.
    /// Not stopped by a pause. Emits `MoneyReturned`. Reverts with `NothingLeft`.
    function giveBack(uint64 gift, address to) external returns (uint128 amount);

    // --- EmergencyResponse only ---

    /// @notice Allows `spender` to book freight from a line, up to `ceiling`, until `until`. No money moves.
    /// @dev Money meant for an emergency is released under that emergency only (`BadEarmark`). Emits `MoneyReleased`.
    function release(
        bytes32 emergency,
        IMaterialLedger.Earmark calldata earmark,
        address spender,
        uint128 ceiling,
        uint40 until
    ) external returns (uint64 id);

    // --- spenders ---

    /// @notice The spender of a release, not suspended, books a consignment that this fund pays for; `booking.payer` is this fund. Takes what came back first, then gifts from the front.
    /// @dev The consignee is whom the line's earmark means: the facility, or one in the region; no carrier is of the spender's organisation (`OwnCarrier`). Emits `MoneySpent`.
    function book(
        uint64 releaseId,
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.BookingSignatures calldata signatures
    ) external returns (uint64 outflowId, uint64 consignment);

    // --- anyone ---

    /// @notice Credits to the line what came back from a finished consignment, once. Frees the release's ceiling of it too while the release runs.
    /// @dev Emits `MoneyRecovered`. Reverts with `NotEnded`, `AlreadyReclaimed`.
    function reclaim(uint64 outflowId) external returns (uint128 amount);
}
