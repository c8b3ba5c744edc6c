using System.Collections.Concurrent;

namespace Waybill.Demo.Day;

/// <summary>
/// What the server has acknowledged in this run, in the customers' own hand: the books are checked against it.
/// </summary>
/// <remarks>All members can be called concurrently.</remarks>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, long> _received = new();
    private long _moneyIn;

    /// <summary>What was deposited and credited as interest, less what was withdrawn; in minor units.</summary>
    public long MoneyIn => Interlocked.Read(ref _moneyIn);

    /// <summary>How many of each item came into the shop.</summary>
    public IReadOnlyDictionary<string, long> Received => _received;

    public ConcurrentBag<string> Accounts { get; } = [];

    /// <summary>The accounts that drivers are paid into, and nobody else pays into or takes from.</summary>
    public ConcurrentBag<string> DriverAccounts { get; } = [];

    public ConcurrentBag<string> Drivers { get; } = [];

    public ConcurrentBag<string> Transfers { get; } = [];

    /// <summary>One that is placed again under its key stands here again.</summary>
    public ConcurrentBag<string> Orders { get; } = [];

    public ConcurrentBag<string> Rides { get; } = [];

    public void MoneyCame(long amount) => Interlocked.Add(ref _moneyIn, amount);

    public void StockCame(string sku, long quantity) =>
        _received.AddOrUpdate(sku, quantity, (_, before) => before + quantity);
}
