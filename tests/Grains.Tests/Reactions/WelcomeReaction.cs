using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Reactions;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Tests.Grains.Reactions;

/// <summary>Whoever opens an account is given something.</summary>
public sealed class Welcome : IReaction
{
    /// <summary>While set, the reaction fails.</summary>
    public static string? Fault { get; set; }

    public static string Name => "welcome";

    public static bool Concerns(StoredEvent stored) => stored.Type == "account.opened";

    public static Message? To(RecordedEvent recorded) => Fault is { } fault
        ? throw new InvalidOperationException(fault)
        : AccountMessages.Deposit.To(recorded.Stream.Id, new(1_00, "welcome"));
}

public interface IWelcomeGrain : ILogReaderGrain
{
    Task Take(LogChunk chunk);
}

public sealed class WelcomeGrain(LogReaderAccess access) : ReactionHostGrain<Welcome>(access), IWelcomeGrain
{
    public Task Take(LogChunk chunk) => OnNextAsync(chunk);
}
