using Waybill.EventStore;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;

namespace Waybill.Bench.Log;

/// <summary>One deposit: as a command, as an event to append, and as the row that a raw client writes.</summary>
internal sealed record Deposit(StreamName Stream, long Version, long Amount = 1)
{
    internal const string Type = "account.money-deposited";
    internal const string Reference = "a reference";
    internal const string Actor = "ann";

    internal Guid EventId { get; } = Guid.CreateVersion7();

    internal Guid CommandId { get; init; } = Guid.CreateVersion7();

    /// <summary>Of a request of its own, as from over HTTP.</summary>
    internal string Correlation => $"{CommandId}";

    internal NewEvent Event => new(
        EventId,
        Version == 1 ? new AccountEvent.Opened(Actor, "EUR") : new AccountEvent.MoneyDeposited(Amount, Reference),
        new EventMetadata(CommandId, Correlation, null, Actor));

    internal string Json => $$"""{"amount":{{Amount}},"reference":"{{Reference}}"}""";

    internal static CommandContext Command() =>
        new(Guid.CreateVersion7(), $"{Guid.CreateVersion7()}", null, Actor);

    /// <summary>Appends it to the log.</summary>
    internal async Task AppendAsync(IEventStore store)
    {
        var result = await store.AppendAsync(Stream, Version - 1, [Event]);
        if (result is not AppendResult.Appended) throw new InvalidOperationException($"{this} met {result}.");
    }
}

/// <summary>
/// Knows at which version each account stands. Every caller has accounts of its own, so that no append conflicts.
/// </summary>
/// <param name="prefix">What the accounts' names begin with.</param>
/// <param name="accounts">How many there are.</param>
/// <param name="callers">How many callers share them.</param>
/// <param name="version">The version at which all of them stand.</param>
/// <param name="category">The category of their streams; null for that of accounts.</param>
internal sealed class Ledger(
    string prefix, int accounts, int callers, long version = 0, string? category = null)
{
    private readonly long[] _versions = [.. Enumerable.Repeat(version, accounts)];

    /// <summary>How many accounts there are.</summary>
    internal int Accounts => accounts;

    /// <summary>A deposit to some account of the caller.</summary>
    internal Deposit Next(int caller, long amount = 1)
    {
        var account = caller + callers * Random.Shared.Next(accounts / callers);
        return new(StreamOf(account), ++_versions[account], amount);
    }

    /// <summary>Some account.</summary>
    internal StreamName Any() => StreamOf(Random.Shared.Next(accounts));

    /// <summary>Appends to all accounts, which stand at one version, until each has so many events.</summary>
    /// <param name="store">The log.</param>
    /// <param name="length">How many.</param>
    /// <param name="chunk">How many of one account stand next to each other in the log, as if of one command.</param>
    internal async Task FillAsync(IEventStore store, int length, int chunk)
    {
        for (var from = (int)_versions[0] + 1; from <= length; from += chunk)
        {
            await Parallel.ForAsync(
                0,
                accounts,
                new ParallelOptions { MaxDegreeOfParallelism = Math.Max(8, 2_000 / chunk) },
                async (account, cancellation) =>
                {
                    var command = Guid.CreateVersion7();
                    var events = Enumerable.Range(from, Math.Min(chunk, length - from + 1))
                        .Select(version => new Deposit(StreamOf(account), version) { CommandId = command }.Event)
                        .ToArray();
                    await store.AppendAsync(StreamOf(account), from - 1, events, cancellation);
                });
        }
        Array.Fill(_versions, length);
    }

    /// <summary>An account's name.</summary>
    internal string NameOf(int account) => StreamOf(account).Id;

    private StreamName StreamOf(int account) => new(category ?? Account.Category, $"{prefix}-{account}");
}
