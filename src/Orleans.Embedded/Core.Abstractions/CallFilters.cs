using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>One call on its way through the filters.</summary>
public interface IGrainCallContext
{
    /// <summary>The grain, or the reference to it, that is called.</summary>
    object Grain { get; }

    /// <summary>The caller's identity, if a grain calls.</summary>
    GrainId? SourceId { get; }

    /// <summary>The called grain's identity.</summary>
    GrainId TargetId { get; }

    /// <summary>The interface's method.</summary>
    MethodInfo InterfaceMethod { get; }

    /// <summary>The interface's name.</summary>
    string InterfaceName { get; }

    /// <summary>The method's name.</summary>
    string MethodName { get; }

    /// <summary>The interface's identity.</summary>
    GrainInterfaceType InterfaceType { get; }

    /// <summary>The result, after <see cref="Invoke"/>; a filter may replace it.</summary>
    object? Result { get; set; }

    /// <summary>Goes on with the next filter, and after the last with the call itself.</summary>
    Task Invoke();
}

/// <summary>A call as the called side sees it.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext
{
    /// <summary>The class's method.</summary>
    MethodInfo ImplementationMethod { get; }

    /// <summary>The called activation.</summary>
    IGrainContext TargetContext { get; }
}

/// <summary>A call as the calling side sees it.</summary>
public interface IOutgoingGrainCallContext : IGrainCallContext
{
    /// <summary>The calling activation, if a grain calls.</summary>
    IGrainContext? SourceContext { get; }
}

/// <summary>Stands around every call to this silo's grains; a grain that implements it, around its own.</summary>
public interface IIncomingGrainCallFilter
{
    /// <summary>Does its work and goes on with <see cref="IGrainCallContext.Invoke"/>, or does not.</summary>
    Task Invoke(IIncomingGrainCallContext context);
}

/// <summary>Stands around every call made by this silo or client.</summary>
public interface IOutgoingGrainCallFilter
{
    /// <summary>Does its work and goes on with <see cref="IGrainCallContext.Invoke"/>, or does not.</summary>
    Task Invoke(IOutgoingGrainCallContext context);
}

/// <summary>An incoming filter as a function.</summary>
public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

/// <summary>An outgoing filter as a function.</summary>
public delegate Task OutgoingGrainCallFilterDelegate(IOutgoingGrainCallContext context);
