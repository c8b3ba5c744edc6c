namespace Orleans.Runtime;

/// <summary>What there is to know of the silos and their activations. Its key is 0.</summary>
public interface IManagementGrain : IGrainWithIntegerKey
{
    /// <summary>The silos and their states: the active ones, or every one that was ever started.</summary>
    Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);

    /// <summary>How many activations each grain class has on each silo.</summary>
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();

    /// <summary>How many activations each grain class has on these silos; none named means all.</summary>
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds);

    /// <summary>Every activation: of these classes, on these silos, or of all and on all.</summary>
    Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null);

    /// <summary>What each of these silos says of itself; none named means all.</summary>
    Task<SiloRuntimeStatistics[]> GetRuntimeStatistics(SiloAddress[] hostsIds);

    /// <summary>How many activations all silos have together.</summary>
    Task<int> GetTotalActivationCount();

    /// <summary>
    /// Where the grain is active, or null. A stateless worker may be in several places and cannot be asked for.
    /// </summary>
    ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference);

    /// <summary>
    /// Deactivates what has been idle for <paramref name="ageLimit"/>, on these silos, as if that were its age;
    /// waits for it.
    /// </summary>
    Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit);

    /// <summary>
    /// Deactivates what has been idle for <paramref name="ageLimit"/>, on all silos, as if that were its age;
    /// waits for it.
    /// </summary>
    Task ForceActivationCollection(TimeSpan ageLimit);
}

/// <summary>The activations of one grain class on one silo.</summary>
[GenerateSerializer, Immutable]
public sealed class SimpleGrainStatistic
{
    /// <summary>The class: its full name, a comma, and its assembly's name.</summary>
    [Id(0)]
    public string GrainType { get; init; } = "";

    /// <summary>The silo.</summary>
    [Id(1)]
    public SiloAddress SiloAddress { get; init; } = null!;

    /// <summary>How many there are.</summary>
    [Id(2)]
    public int ActivationCount { get; init; }
}

/// <summary>One activation.</summary>
[GenerateSerializer, Immutable]
public sealed class DetailedGrainStatistic
{
    /// <summary>The class: its full name, a comma, and its assembly's name.</summary>
    [Id(0)]
    public string GrainType { get; init; } = "";

    /// <summary>The silo.</summary>
    [Id(1)]
    public SiloAddress SiloAddress { get; init; } = null!;

    /// <summary>The grain.</summary>
    [Id(2)]
    public GrainId GrainId { get; init; }
}

/// <summary>What a silo says of itself.</summary>
[GenerateSerializer, Immutable]
public sealed class SiloRuntimeStatistics
{
    internal SiloRuntimeStatistics(int activationCount, DateTime dateTime) =>
        (ActivationCount, DateTime) = (activationCount, dateTime);

    /// <summary>How many activations it has.</summary>
    [Id(0)]
    public int ActivationCount { get; }

    /// <summary>When it said so, in UTC.</summary>
    [Id(10)]
    public DateTime DateTime { get; }
}

/// <inheritdoc cref="IManagementGrain"/>
internal sealed class ManagementGrain(Cluster cluster) : Grain, IManagementGrain
{
    public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive) => Task.FromResult(
        (onlyActive ? cluster.ActiveSilos : cluster.Silos).ToDictionary(silo => silo.SiloAddress, silo => silo.Status));

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => GetSimpleGrainStatistics([]);

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds)
    {
        var statistics =
            from silo in Named(hostsIds)
            from grainClass in silo.Classes
            let count = Volatile.Read(ref grainClass.ActivationCount)
            where count > 0
            select new SimpleGrainStatistic
            {
                GrainType = grainClass.Name,
                SiloAddress = silo.SiloAddress,
                ActivationCount = count,
            };
        return Task.FromResult(statistics.ToArray());
    }

    public Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types, SiloAddress[]? hostsIds)
    {
        var statistics =
            from silo in Named(hostsIds)
            from activation in silo.Activations
            where types is null || types.Contains(activation.Class.Name)
            select new DetailedGrainStatistic
            {
                GrainType = activation.Class.Name,
                SiloAddress = silo.SiloAddress,
                GrainId = activation.GrainId,
            };
        return Task.FromResult(statistics.ToArray());
    }

    public Task<SiloRuntimeStatistics[]> GetRuntimeStatistics(SiloAddress[] hostsIds)
    {
        var statistics =
            from silo in Named(hostsIds)
            let now = silo.Runtime.TimeProvider.GetUtcNow()
            select new SiloRuntimeStatistics(silo.ActivationCount, now.UtcDateTime);
        return Task.FromResult(statistics.ToArray());
    }

    public Task<int> GetTotalActivationCount() =>
        Task.FromResult(cluster.ActiveSilos.Sum(silo => silo.ActivationCount));

    public ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference)
    {
        var id = reference.GetGrainId();
        if (!GrainTypes.All.TryGetValue(id.Type, out var implementation))
            throw new ArgumentException($"There is no grain class for the grain type '{id.Type}'.");
        if (implementation.IsDefined(typeof(Concurrency.StatelessWorkerAttribute), inherit: true))
        {
            throw new InvalidOperationException($"{id} is a stateless worker: it may be active in several places.");
        }

        return new(cluster.Find(id)?.Runtime.Silo?.SiloAddress);
    }

    public Task ForceActivationCollection(TimeSpan ageLimit) => ForceActivationCollection([], ageLimit);

    public Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit) =>
        Task.WhenAll(Named(hostsIds).SelectMany(silo => silo.CollectIdle(ageLimit)));

    /// <exception cref="SiloUnavailableException">One that is named is not active.</exception>
    private List<Silo> Named(SiloAddress[]? addresses) => addresses is null or []
        ? [.. cluster.ActiveSilos]
        : [.. addresses.Select(address => cluster.ActiveSilos.FirstOrDefault(silo => silo.SiloAddress.Equals(address))
            ?? throw new SiloUnavailableException($"The silo {address} is not active."))];
}
