// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";
import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IReliefFund
/// @notice Money given, by earmark; what each outflow used up, first in, first out.
/// @dev Each earmark is a line on which gifts are laid end to end as intervals; outflows use it up from the front, so that no outflow loops over
/// gifts. Money leaves only as prepaid freight of a consignment (INV-DON-2: currency held = given + recovered - spent).
/// Trust: a spender may book only under a release, up to its ceiling and until its end; the carriers, not the spender, are paid.
interface IReliefFund {
    /// @notice One earmark's money, base units of the currency.
    /// @param given Sum of gifts. @param spent Used up of what was given. @param recovered Came back from finished consignments. @param respent Used up of what came back.
    struct Line {
        uint128 given; // slot 0
        uint128 spent;
        uint128 recovered; // slot 1
        uint128 respent;
    }

    /// @notice A gift's interval [from, from + amount) on its line.
    struct MoneyGift {
        address donor; // slot 0
        uint40 at;
        bytes32 line; // slot 1
        uint128 from; // slot 2
        uint128 amount;
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
    event MoneyReceived(uint64 indexed gift, address indexed donor, bytes32 indexed line, uint128 from, uint128 amount);
    event MoneyReleased(uint64 indexed release, bytes32 indexed emergency, bytes32 indexed line, address spender, uint128 ceiling, uint40 until);
    event MoneySpent(uint64 indexed outflow, uint64 indexed release, uint64 indexed consignment, bytes32 line, uint128 from, uint128 amount, uint128 fromRecovered);
    event MoneyRecovered(uint64 indexed outflow, uint64 indexed consignment, uint128 amount);

    error NotWriter(address caller);
    error BelowMinimum(uint128 amount, uint128 minimum);
    error BadEarmark(IMaterialLedger.EarmarkKind kind, bytes32 scope);
    error UnknownGift(uint64 gift);
    error UnknownRelease(uint64 release);
    error UnknownOutflow(uint64 outflow);
    error NotSpender(uint64 release, address caller);
    error ReleaseOver(uint64 release, uint40 until);
    error CeilingExceeded(uint64 release, uint128 asked, uint128 left);
    error NotEnoughMoney(bytes32 line, uint128 asked, uint128 there);
    error WrongPayer(address payer);
    error NotFromTheFund(uint64 consignment);
    error NotEnded(uint64 consignment);
    error AlreadyReclaimed(uint64 outflow);

    function MINIMUM_GIFT() external view returns (uint128);
    /// @notice Id of the line of an earmark: keccak256(abi.encode(kind, scope)).
    function lineOf(IMaterialLedger.Earmark calldata earmark) external pure returns (bytes32);
    function line(bytes32 id) external view returns (Line memory);
    function moneyGift(uint64 id) external view returns (MoneyGift memory);
    function releaseRecord(uint64 id) external view returns (Release memory);
    function outflow(uint64 id) external view returns (Outflow memory);
    function outflowOf(uint64 consignment) external view returns (uint64);
    function giftCount() external view returns (uint64);
    function releaseCount() external view returns (uint64);
    function outflowCount() external view returns (uint64);

    /// @notice What a line can still spend, base units.
    function available(bytes32 lineId) external view returns (uint128);

    /// @notice How much of a gift has been used up, the consignments that it paid for (at most `most`, from the `skip`-th on), with the amounts.
    function spentOf(uint64 gift, uint256 skip, uint256 most)
        external
        view
        returns (uint128 spent, uint64[] memory consignments, uint128[] memory amounts);

    /// @notice DonationRegistry only: takes `amount` from `donor` (who has approved this fund, or whose permit rides along) as a gift by `earmark`.
    function receiveFrom(address donor, uint128 amount, IMaterialLedger.Earmark calldata earmark, IFreightEscrow.Permit calldata permit)
        external
        returns (uint64 gift);

    /// @notice EmergencyResponse only: allows `spender` to book freight from a line, up to `ceiling`, until `until`. No money moves.
    function release(bytes32 emergency, IMaterialLedger.Earmark calldata earmark, address spender, uint128 ceiling, uint40 until)
        external
        returns (uint64 id);

    /// @notice The spender of a release books a consignment that this fund pays for; `booking.payer` is this fund. Takes what came back first, then gifts from the front.
    function book(uint64 releaseId, IFreightEscrow.Booking calldata booking, IFreightEscrow.BookingSignatures calldata signatures)
        external
        returns (uint64 outflowId, uint64 consignment);

    /// @notice Credits to the line what came back from a finished consignment, once; anyone calls. Frees the release's ceiling of it too while it runs.
    function reclaim(uint64 outflowId) external returns (uint128 amount);
}
