namespace Orleans
{
    using Orleans.Runtime;

    /// <summary>
    /// A grain interface: its methods return Task, Task&lt;T&gt;, ValueTask, ValueTask&lt;T&gt; or, one way, void.
    /// </summary>
    public interface IGrain : IAddressable;

    /// <summary>A grain whose key is a string.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>A grain whose key is a <see cref="Guid"/>.</summary>
    public interface IGrainWithGuidKey : IGrain;

    /// <summary>A grain whose key is a 64-bit integer.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>An object outside the grains that a client offers for calls from grains.</summary>
    public interface IGrainObserver : IAddressable;
}

namespace Orleans.Runtime
{
    /// <summary>Anything that can be called by reference.</summary>
    public interface IAddressable;

    /// <summary>An interface that an activation answers beside its grain's own ones.</summary>
    public interface IGrainExtension : IAddressable;
}
