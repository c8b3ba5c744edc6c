using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Waybill.EventStore;
using Waybill.Grains.Sourcing;

namespace Waybill.Tests.Grains.Sourcing;

/// <summary>The smallest aggregate whose events are about a person.</summary>
[GenerateSerializer, Immutable, Alias("waybill.tests.guest")]
public sealed record Guest(string Name) : IAggregate<Guest, GuestCommand, GuestNamed>
{
    public static string Category => "guest";

    public static JsonTypeInfo<Guest> Json => GuestJson.Default.Guest;

    public static Guest Initial { get; } = new("");

    public static Decision<GuestNamed> Decide(GuestCommand command, Guest state, DateTimeOffset now) =>
        new GuestNamed("guest") { Name = command.Name };

    public static Guest Evolve(Guest state, GuestNamed happened) => new(happened.Name);
}

public sealed record GuestCommand(string Name);

[EventType("guest.named", 1)]
public sealed record GuestNamed([Subject] string Id)
{
    // As little public as a mark may be: what the store encrypts must be in no snapshot.
    [Personal, JsonInclude]
    internal string Name { get; set; } = "";
}

[JsonSerializable(typeof(GuestNamed))]
internal sealed partial class GuestEventJson : JsonSerializerContext;

[JsonSerializable(typeof(Guest))]
internal sealed partial class GuestJson : JsonSerializerContext;

[Alias("waybill.tests.guest-grain")]
public interface IGuestGrain : IGrainWithStringKey
{
    [Alias("name")]
    Task<Outcome<Guest>> Name(CommandContext context, string name);
}

public sealed class GuestGrain(StoreAccess access)
    : EventSourcedGrain<GuestCommand, GuestNamed, Guest, Guest>(access), IGuestGrain
{
    public Task<Outcome<Guest>> Name(CommandContext context, string name) => Execute(context, new GuestCommand(name));

    protected override Guest View(Guest state, long version) => state;
}
