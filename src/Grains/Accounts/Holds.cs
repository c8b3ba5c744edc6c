using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Waybill.Grains.Accounts;

/// <summary>Money that is set aside on an account. It is a handful of sums at a time, so that a list does.</summary>
/// <param name="Open">What has been set aside and neither released nor taken, in the order in which it was.</param>
[GenerateSerializer, Immutable, Alias("waybill.account-holds")]
public sealed record Holds(ImmutableList<OpenHold> Open)
{
    /// <summary>Nothing is set aside.</summary>
    public static Holds None { get; } = new([]);

    /// <summary>All that is set aside; never more than the balance.</summary>
    [JsonIgnore]
    public long Total => Open.Sum(hold => hold.Amount);

    /// <summary>What is set aside under an id; 0 if nothing is.</summary>
    public long Amount(string holdId) => Open.Find(hold => hold.HoldId == holdId)?.Amount ?? 0;

    /// <summary>Sets money aside.</summary>
    public Holds With(string holdId, long amount) => new(Open.Add(new(holdId, amount)));

    /// <summary>Sets nothing aside under an id any more.</summary>
    public Holds Without(string holdId) => new(Open.RemoveAll(hold => hold.HoldId == holdId));

    /// <summary>All of it as text.</summary>
    public override string ToString() => JsonSerializer.Serialize(Open, AccountJson.Default.ImmutableListOpenHold);

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    public static Holds Parse(string text) =>
        new(JsonSerializer.Deserialize(text, AccountJson.Default.ImmutableListOpenHold) ?? []);

    /// <summary>True if both set the same aside.</summary>
    public bool Equals(Holds? other) => other is not null && Open.SequenceEqual(other.Open);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Open.Count, Total);
}

/// <summary>A sum that is set aside.</summary>
/// <param name="HoldId">What for.</param>
/// <param name="Amount">In whole minor units; above zero.</param>
[GenerateSerializer, Immutable, Alias("waybill.account-hold")]
public sealed record OpenHold(string HoldId, long Amount);
