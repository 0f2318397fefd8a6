// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {LapsingPause} from "../access/LapsingPause.sol";

/// @title PausableRoom
/// @notice A room with one entry and one exit, to show what a pause stops.
contract PausableRoom is LapsingPause {
    /// @notice How many are in.
    uint256 public inside;

    constructor(address accessManager) AccessManaged(accessManager) {}

    /// @notice An entry.
    function enter() external whenOpen {
        ++inside;
    }

    /// @notice An exit.
    function leave() external {
        --inside;
    }
}
