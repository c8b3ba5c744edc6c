using System.Net;

namespace Orleans.Configuration;

/// <summary>Which service and which cluster of it a silo belongs to.</summary>
public class ClusterOptions
{
    /// <summary>The cluster: silos with the same one find each other.</summary>
    public string ClusterId { get; set; } = "default";

    /// <summary>The service: outlives its clusters, and names its stored data.</summary>
    public string ServiceId { get; set; } = "default";
}

/// <summary>What is said of one silo.</summary>
public class SiloOptions
{
    /// <summary>Its name; made up if there is none.</summary>
    public string? SiloName { get; set; }
}

/// <summary>A silo's endpoint. Nothing listens on it in the embedded engine: it is the silo's name.</summary>
public class EndpointOptions
{
    /// <summary>The address.</summary>
    public IPAddress? AdvertisedIPAddress { get; set; }

    /// <summary>The port.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>The clients' port.</summary>
    public int GatewayPort { get; set; } = 30000;
}

/// <summary>How calls are sent.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for an answer, where the method does not say otherwise.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>How a silo sends and takes calls.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How many calls may wait for one activation; more are refused. 0 is no limit.</summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }

    /// <summary>The same for one activation of a stateless worker.</summary>
    public int MaxEnqueuedRequestsHardLimit_StatelessWorker { get; set; }
}

/// <summary>How a client sends calls.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>When idle activations are collected, and how long starting and ending may take.</summary>
public class GrainCollectionOptions
{
    /// <summary>How often idle activations are looked for.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one may be idle.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The same for single classes, by their full names.</summary>
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>How long <see cref="IGrainBase.OnActivateAsync"/> and what comes before it may take together.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long <see cref="IGrainBase.OnDeactivateAsync"/> and what comes after it may take together.
    /// </summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
