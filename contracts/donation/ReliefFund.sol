// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IReliefFund} from "../../interfaces/IReliefFund.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {Earmarks} from "../libraries/Earmarks.sol";
import {PrefixSums} from "../libraries/PrefixSums.sol";
import {References} from "../libraries/References.sol";

/// @title ReliefFund
/// @notice Money given, by earmark; what each outflow used up, first in, first out.
contract ReliefFund is IReliefFund, LapsingPause, ReentrancyGuard {
    using Earmarks for IMaterialLedger.Earmark;
    using PrefixSums for PrefixSums.Tree;
    using SafeERC20 for ILogisticsCurrency;

    /// @inheritdoc IReliefFund
    uint128 public constant MINIMUM_GIFT = 10_000;

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice The money.
    ILogisticsCurrency public immutable currency;

    /// @notice Where consignments are booked.
    IFreightEscrow public immutable freightEscrow;

    /// @notice The only one that brings gifts.
    address public immutable donationRegistry;

    /// @notice The only one that opens releases.
    address public immutable emergencyResponse;

    /// @inheritdoc IReliefFund
    uint64 public giftCount;

    /// @inheritdoc IReliefFund
    uint64 public releaseCount;

    /// @inheritdoc IReliefFund
    uint64 public outflowCount;

    /// @inheritdoc IReliefFund
    mapping(uint64 consignment => uint64) public outflowOf;

    mapping(bytes32 lineId => Line) private _lines;

    mapping(bytes32 lineId => IMaterialLedger.Earmark) private _earmarks;

    /// @dev What was taken back, by the place of the gift on its line.
    mapping(bytes32 lineId => PrefixSums.Tree) private _returned;

    /// @dev Outflows that used up something given, in the order of their `from`: no two overlap, no gap between.
    mapping(bytes32 lineId => uint64[]) private _outflowsOf;

    mapping(uint64 id => MoneyGift) private _gifts;

    mapping(uint64 id => Release) private _releases;

    mapping(uint64 id => Outflow) private _outflows;

    constructor(
        address accessManager,
        address participantRegistry,
        address currency_,
        address freightEscrow_,
        address donationRegistry_,
        address emergencyResponse_
    ) AccessManaged(References.required(accessManager)) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        currency = ILogisticsCurrency(References.required(currency_));
        freightEscrow = IFreightEscrow(References.required(freightEscrow_));
        donationRegistry = References.required(donationRegistry_);
        emergencyResponse = References.required(emergencyResponse_);
    }

    modifier onlyWriter(address writer) {
        if (msg.sender != writer) revert NotWriter(msg.sender);
        _;
    }

    // --- reads ---

    /// @inheritdoc IReliefFund
    function lineOf(IMaterialLedger.Earmark calldata earmark) external pure returns (bytes32) {
        return earmark.key();
    }

    /// @inheritdoc IReliefFund
    function line(bytes32 id) external view returns (Line memory) {
        return _lines[id];
    }

    /// @inheritdoc IReliefFund
    function earmarkOf(bytes32 lineId) external view returns (IMaterialLedger.Earmark memory) {
        return _earmarks[lineId];
    }

    /// @inheritdoc IReliefFund
    function moneyGift(uint64 id) external view returns (MoneyGift memory) {
        return _knownGift(id);
    }

    /// @inheritdoc IReliefFund
    function intervalOf(uint64 giftId) external view returns (uint128 from, uint128 end) {
        MoneyGift memory gift = _asItLies(giftId);
        return (gift.from, gift.from + gift.amount);
    }

    /// @inheritdoc IReliefFund
    function releaseRecord(uint64 id) external view returns (Release memory) {
        return _knownRelease(id);
    }

    /// @inheritdoc IReliefFund
    function outflow(uint64 id) external view returns (Outflow memory) {
        return _knownOutflow(id);
    }

    /// @inheritdoc IReliefFund
    function available(bytes32 lineId) external view returns (uint128) {
        Line memory money = _lines[lineId];
        return _unspent(money) + (money.recovered - money.respent);
    }

    /// @inheritdoc IReliefFund
    function spentOf(uint64 giftId, uint256 skip, uint256 most)
        external
        view
        returns (uint128 spent, uint64[] memory consignments, uint128[] memory amounts)
    {
        MoneyGift memory gift = _asItLies(giftId);
        spent = _spentOf(gift);

        (uint256 first, uint256 count) = _outflowsIn(gift);
        if (skip >= count) return (spent, consignments, amounts);
        count = Math.min(count - skip, most);
        consignments = new uint64[](count);
        amounts = new uint128[](count);
        for (uint256 i = 0; i < count; ++i) {
            (consignments[i], amounts[i]) = _partOf(gift, first + skip + i);
        }
    }

    // --- DonationRegistry ---

    /// @inheritdoc IReliefFund
    function receiveFrom(
        address donor,
        uint128 amount,
        IMaterialLedger.Earmark calldata earmark,
        IFreightEscrow.Permit calldata permit
    ) external onlyWriter(donationRegistry) whenOpen nonReentrant returns (uint64 gift) {
        if (amount < MINIMUM_GIFT) revert BelowMinimum(amount, MINIMUM_GIFT);
        bytes32 lineId = _openLine(earmark);

        Line storage money = _lines[lineId];
        uint128 from = money.given;
        uint32 index = money.gifts;
        money.given = from + amount;
        money.gifts = index + 1;
        _returned[lineId].append(index, money.returned);
        gift = ++giftCount;
        MoneyGift storage record = _gifts[gift];
        record.donor = donor;
        record.at = uint40(block.timestamp);
        record.index = index;
        record.line = lineId;
        record.from = from;
        record.amount = amount;
        emit MoneyReceived(gift, donor, lineId, from, amount);

        _usePermit(donor, permit);
        currency.safeTransferFrom(donor, address(this), amount);
    }

    /// @inheritdoc IReliefFund
    function giveBack(uint64 giftId, address to)
        external
        onlyWriter(donationRegistry)
        nonReentrant
        returns (uint128 amount)
    {
        MoneyGift memory gift = _asItLies(giftId);
        amount = gift.amount - _spentOf(gift);
        if (amount == 0) revert NothingLeft(giftId);

        _gifts[giftId].returned += amount;
        Line storage money = _lines[gift.line];
        money.returned += amount;
        _returned[gift.line].add(gift.index, money.gifts, amount);
        emit MoneyReturned(giftId, gift.line, to, amount);
        currency.safeTransfer(to, amount);
    }

    // --- EmergencyResponse ---

    /// @inheritdoc IReliefFund
    function release(
        bytes32 emergency,
        IMaterialLedger.Earmark calldata earmark,
        address spender,
        uint128 ceiling,
        uint40 until
    ) external onlyWriter(emergencyResponse) returns (uint64 id) {
        if (spender == address(0)) revert ZeroSpender();
        if (ceiling == 0) revert ZeroCeiling();
        if (until <= block.timestamp) revert BadReleaseEnd(until);
        if (earmark.kind == IMaterialLedger.EarmarkKind.EMERGENCY && earmark.scope != emergency) {
            revert IMaterialLedger.BadEarmark(earmark.kind, earmark.scope);
        }
        bytes32 lineId = _openLine(earmark);

        id = ++releaseCount;
        _releases[id] = Release({
            emergency: emergency,
            line: lineId,
            spender: spender,
            until: until,
            ceiling: ceiling,
            spent: 0
        });
        emit MoneyReleased(id, emergency, lineId, spender, ceiling, until);
    }

    // --- spenders ---

    /// @inheritdoc IReliefFund
    function book(
        uint64 releaseId,
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.BookingSignatures calldata signatures
    ) external whenOpen nonReentrant returns (uint64 outflowId, uint64 consignment) {
        bytes32 lineId = _checkSpending(releaseId, booking);
        uint128 amount = _freightOf(booking.legs);

        outflowId = _use(releaseId, lineId, amount);
        consignment = _bookFreight(booking, signatures, amount);

        Outflow storage taken = _outflows[outflowId];
        taken.consignment = consignment;
        outflowOf[consignment] = outflowId;
        emit MoneySpent(
            outflowId, releaseId, consignment, lineId, taken.from, taken.amount, taken.fromRecovered
        );
    }

    // --- anyone ---

    /// @inheritdoc IReliefFund
    function reclaim(uint64 outflowId) external nonReentrant returns (uint128 amount) {
        Outflow storage taken = _knownOutflow(outflowId);
        if (taken.reclaimed) revert AlreadyReclaimed(outflowId);
        uint64 consignmentId = taken.consignment;
        IFreightEscrow.Consignment memory ended = freightEscrow.consignment(consignmentId);
        if (ended.status != IFreightEscrow.Status.SETTLED) revert NotEnded(consignmentId);

        amount = ended.refunded + ended.forfeited;
        taken.reclaimed = true;
        taken.returned = amount;
        _lines[taken.line].recovered += amount;
        Release storage permission = _releases[taken.release];
        // A forfeited bond was never spent here: it is new money of the line, not of the release.
        if (block.timestamp <= permission.until) permission.spent -= ended.refunded;
        emit MoneyRecovered(outflowId, consignmentId, amount);
    }

    // --- checks ---

    function _knownGift(uint64 id) private view returns (MoneyGift storage record) {
        record = _gifts[id];
        if (record.at == 0) revert UnknownGift(id);
    }

    function _knownRelease(uint64 id) private view returns (Release storage record) {
        record = _releases[id];
        if (record.spender == address(0)) revert UnknownRelease(id);
    }

    function _knownOutflow(uint64 id) private view returns (Outflow storage record) {
        record = _outflows[id];
        if (record.consignment == 0) revert UnknownOutflow(id);
    }

    /// @dev The caller may spend under the release, on this consignee and on these carriers; returns the line.
    function _checkSpending(uint64 releaseId, IFreightEscrow.Booking calldata booking)
        private
        view
        returns (bytes32 lineId)
    {
        Release storage permission = _knownRelease(releaseId);
        if (permission.spender != msg.sender) revert NotSpender(releaseId, msg.sender);
        IParticipantRegistry.Participant memory spender = registry.participant(msg.sender);
        if (spender.registeredAt == 0 || spender.suspended) {
            revert SpenderNotActive(releaseId, msg.sender);
        }
        if (block.timestamp > permission.until) revert ReleaseOver(releaseId, permission.until);
        if (booking.payer != address(this)) revert WrongPayer(booking.payer);
        for (uint256 i = 0; i < booking.legs.length; ++i) {
            address carrier = booking.legs[i].carrier;
            if (registry.participant(carrier).organisation == spender.organisation) {
                revert OwnCarrier(releaseId, carrier);
            }
        }
        lineId = permission.line;
        IMaterialLedger.Earmark memory earmark = _earmarks[lineId];
        if (!earmark.means(booking.consignee, registry)) {
            revert OutsideEarmark(lineId, booking.consignee);
        }
    }

    /// @dev The gift with its interval as it is now. A hole lies where nothing was spent yet, so that gifts move up only
    /// within what is left, and never across what an outflow has used.
    function _asItLies(uint64 id) private view returns (MoneyGift memory gift) {
        gift = _knownGift(id);
        gift.from -= _returned[gift.line].before(gift.index);
        gift.amount -= gift.returned;
    }

    function _spentOf(MoneyGift memory gift) private view returns (uint128) {
        uint128 usedUpTo = _lines[gift.line].spent;
        return usedUpTo > gift.from ? uint128(Math.min(usedUpTo - gift.from, gift.amount)) : 0;
    }

    function _unspent(Line memory money) private pure returns (uint128) {
        return money.given - money.returned - money.spent;
    }

    /// @dev The outflows that used up some of a gift: the index of the first in its line, and their number.
    function _outflowsIn(MoneyGift memory gift)
        private
        view
        returns (uint256 first, uint256 count)
    {
        uint64[] storage ids = _outflowsOf[gift.line];
        if (gift.amount == 0) return (0, 0);
        uint128 end = gift.from + gift.amount;
        first = _firstEndingAfter(ids, gift.from);
        uint256 past = _firstEndingAfter(ids, end);
        // It reaches beyond the gift's end; where it begins before the end it is the gift's last.
        if (past < ids.length && _outflows[ids[past]].from < end) ++past;
        count = past - first;
    }

    /// @dev What the outflow at `index` of the gift's line took from the gift.
    function _partOf(MoneyGift memory gift, uint256 index)
        private
        view
        returns (uint64 consignment, uint128 amount)
    {
        Outflow storage taken = _outflows[_outflowsOf[gift.line][index]];
        consignment = taken.consignment;
        amount = uint128(
            Math.min(taken.from + taken.amount, gift.from + gift.amount)
                - Math.max(taken.from, gift.from)
        );
    }

    /// @dev Index of the first outflow that reaches beyond `point`; their number when none does.
    function _firstEndingAfter(uint64[] storage ids, uint128 point)
        private
        view
        returns (uint256 low)
    {
        uint256 high = ids.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            Outflow storage candidate = _outflows[ids[middle]];
            if (candidate.from + candidate.amount > point) high = middle;
            else low = middle + 1;
        }
    }

    function _freightOf(IFreightEscrow.LegRequest[] calldata legs)
        private
        pure
        returns (uint128 freight)
    {
        for (uint256 i = 0; i < legs.length; ++i) {
            freight += legs[i].freight;
        }
    }

    // --- writes ---

    function _openLine(IMaterialLedger.Earmark calldata earmark) private returns (bytes32 lineId) {
        lineId = earmark.key();
        if (_earmarks[lineId].kind != IMaterialLedger.EarmarkKind.NULL) return lineId;
        earmark.requireBorne(registry);
        _earmarks[lineId] = earmark;
        emit LineOpened(lineId, earmark.kind, earmark.scope);
    }

    /// @dev Uses up the line by `amount`: what came back first, then what was given, from the front.
    function _use(uint64 releaseId, bytes32 lineId, uint128 amount)
        private
        returns (uint64 outflowId)
    {
        Release storage permission = _releases[releaseId];
        uint128 left = permission.ceiling - permission.spent;
        if (amount > left) revert CeilingExceeded(releaseId, amount, left);
        Line memory money = _lines[lineId];
        uint128 fromRecovered = uint128(Math.min(amount, money.recovered - money.respent));
        uint128 fromGiven = amount - fromRecovered;
        uint128 there = _unspent(money);
        if (fromGiven > there) revert NotEnoughMoney(lineId, amount, there + fromRecovered);

        permission.spent += amount;
        _lines[lineId].spent = money.spent + fromGiven;
        if (fromRecovered != 0) _lines[lineId].respent = money.respent + fromRecovered;
        outflowId = ++outflowCount;
        Outflow storage taken = _outflows[outflowId];
        taken.line = lineId;
        taken.release = releaseId;
        taken.from = money.spent;
        taken.amount = fromGiven;
        taken.fromRecovered = fromRecovered;
        if (fromGiven != 0) _outflowsOf[lineId].push(outflowId);
    }

    /// @dev Pays for the booking, and nothing but its legs' freight.
    function _bookFreight(
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.BookingSignatures calldata signatures,
        uint128 amount
    ) private returns (uint64 consignment) {
        IFreightEscrow.Permit memory none;
        uint256 before = currency.balanceOf(address(this));
        currency.forceApprove(address(freightEscrow), amount);
        consignment = freightEscrow.book(booking, signatures, none);
        uint256 taken = before - currency.balanceOf(address(this));
        if (taken != amount) revert WrongAmountTaken(amount, taken);
    }

    /// @dev A permit that somebody else has used up counts as allowance, so its failure is not asked here.
    function _usePermit(address donor, IFreightEscrow.Permit calldata permit) private {
        if (permit.deadline == 0) return;
        try currency.permit(
            donor, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s
        ) {}
        catch {
            return;
        }
    }
}
