// What an application writes on its messages. The shapes are genuine Orleans' own, less what Waybill does not use
// (GenerateFieldIds and IncludePrimaryConstructorParameters do not exist here, so using them fails to compile).

namespace Orleans
{
    /// <summary>Values of this type may cross between silos. Every level of a class hierarchy needs it.</summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
    public sealed class GenerateSerializerAttribute : Attribute;

    /// <summary>
    /// This member crosses with its object. The positional parameters of a record cross without it; any other member
    /// without it is lost on the way.
    /// </summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method
                    | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter)]
    public sealed class IdAttribute(uint id) : Attribute
    {
        /// <summary>The member's number, unique among the members that its type declares itself.</summary>
        public uint Id { get; } = id;
    }

    /// <summary>
    /// The name under which a type or method is known to other versions of the application. Inside one process there is
    /// one version, so this engine does not read it.
    /// </summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method
                    | AttributeTargets.Interface, AllowMultiple = true)]
    public sealed class AliasAttribute(string alias) : Attribute
    {
        /// <summary>The name.</summary>
        public string Alias { get; } = alias;
    }

    /// <summary>The value never changes, so a silo need not copy it for itself. Between silos it is copied.</summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Field
                    | AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.ReturnValue,
                    Inherited = false)]
    public sealed class ImmutableAttribute : Attribute;
}

namespace Orleans.Concurrency
{
    /// <summary>A value that its sender and receiver do not change, so a silo does not copy it for itself.</summary>
    [GenerateSerializer, Immutable]
    public struct Immutable<T>(T value)
    {
        /// <summary>The value.</summary>
        [Id(0)]
        public readonly T Value = value;
    }
}
