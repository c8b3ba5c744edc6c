using System.Reflection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>A grain reference: an object that implements the grain's interface and sends each call on.</summary>
internal class GrainReferenceProxy : DispatchProxy, IAddressable, IGrainReferenceProxy, IEquatable<GrainReferenceProxy>
{
    public GrainId GrainId { get; private set; }

    public Type InterfaceType { get; private set; } = null!;

    internal RuntimeClient Runtime { get; private set; } = null!;

    /// <summary>References to one grain are equal, whichever of its interfaces they call through.</summary>
    public bool Equals(GrainReferenceProxy? other) => other is not null && GrainId == other.GrainId;

    public override bool Equals(object? obj) => Equals(obj as GrainReferenceProxy);

    public override int GetHashCode() => GrainId.GetHashCode();

    public override string ToString() => $"GrainReference:{GrainId}";

    internal static object Create(Type interfaceType, GrainId grainId, RuntimeClient runtime)
    {
        var reference = (GrainReferenceProxy)Create(interfaceType, typeof(GrainReferenceProxy));
        (reference.GrainId, reference.InterfaceType, reference.Runtime) = (grainId, interfaceType, runtime);
        return reference;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        GrainMethod.For(targetMethod!).Call(this, args ?? []);
}
