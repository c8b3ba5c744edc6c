using Orleans.Runtime;
using Orleans.Serialization;

namespace Waybill.Tests.Internals.Serialization;

// What the tests send. Each shape stands for one rule of what crosses.

public enum Colour : byte
{
    Red,
    Green = 200,
}

[GenerateSerializer]
public sealed record Money(long Amount, string Currency);

[GenerateSerializer]
public readonly record struct Place(double North, double East);

[GenerateSerializer]
public struct Empty;

[GenerateSerializer]
public abstract record Shape([property: Id(5)] string Name);

[GenerateSerializer]
public record Circle(string Name, int Radius) : Shape(Name);

[GenerateSerializer]
public sealed record Ring(string Name, int Radius, int Hole) : Circle(Name, Radius)
{
    [Id(0)]
    public string? Note { get; set; }
}

[GenerateSerializer]
public sealed record Envelope<T>(T Body, List<T> More);

[GenerateSerializer]
public class Node
{
    [Id(0)]
    public string? Name { get; set; }

    [Id(1)]
    public Node? Next { get; set; }

    [Id(2)]
    public object? Anything { get; set; }

    [Id(3)]
    public IReadOnlyList<Node>? Children { get; set; }
}

/// <summary>Every kind of member, and one that was forgotten.</summary>
[GenerateSerializer]
public sealed class Members
{
    [Id(0)]
    private readonly int _secret;

    [Id(1)]
    private int _seen;

    public Members(int secret, string made) => (_secret, Made) = (secret, made);

    [Id(2)]
    public string Made { get; }

    [Id(3)]
    public int Initial { get; init; }

    [Id(4)]
    public int Seen
    {
        get => _seen;
        set => _seen = value;
    }

    public string? Forgotten { get; set; }

    public int Secret() => _secret;
}

[GenerateSerializer]
public sealed class Constructed
{
    [Id(0)]
    public List<int> Items { get; set; } = [7];

    public bool WasConstructed { get; } = true;
}

public sealed record Unmarked(int Value);

[GenerateSerializer]
public sealed record HoldsUnmarked(int Value, List<Unmarked> Items);

public class UnmarkedBase;

[GenerateSerializer]
public sealed class OfUnmarkedBase : UnmarkedBase;

[GenerateSerializer]
public sealed class Computed
{
    [Id(0)]
    public int Value => 1;
}

public sealed class UnmarkedException(string message) : Exception(message);

[GenerateSerializer]
public sealed class MarkedException(string message, int code, Exception? inner = null)
    : InvalidOperationException(message, inner)
{
    [Id(0)]
    public int Code { get; } = code;
}

public interface ISomeGrain : IGrainWithStringKey;

public interface IOtherGrain : IGrainWithStringKey;

/// <summary>A grain reference as some silo holds it.</summary>
internal sealed record Reference(GrainId GrainId, Type InterfaceType, string Silo) : ISomeGrain, IGrainReferenceProxy;

[GenerateSerializer]
public sealed record HoldsGrain(ISomeGrain Grain, object Again);

internal static class Crossing
{
    public static readonly MessageSerializer Serializer = new((type, grain) => new Reference(grain, type, "receiver"));

    /// <summary>The value as it arrives.</summary>
    public static T Cross<T>(T value) => (T)Serializer.Deserialize(Serializer.Serialize(value))!;
}
