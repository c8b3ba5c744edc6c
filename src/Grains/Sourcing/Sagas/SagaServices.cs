using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.EventStore;

namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>Registers what sagas stand on.</summary>
public static class SagaServices
{
    /// <summary>Lets a silo run sagas. It needs an <see cref="IDueStore"/> beside this.</summary>
    public static ISiloBuilder AddSagas(this ISiloBuilder silo)
    {
        silo.Services.TryAddSingleton(new SagaOptions());
        silo.Services.TryAddSingleton<DueBook>();
        silo.Services.TryAddSingleton<MessageTypes>();
        silo.Services.TryAddSingleton<SagaAccess>();
        silo.Services.TryAddSingleton<DueLoop>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            services => services.GetRequiredService<DueLoop>());
        return silo;
    }
}

/// <summary>What a saga's grain stands on.</summary>
public sealed class SagaAccess(
    DueBook due,
    MessageTypes messages,
    SagaOptions options,
    TimeProvider time,
    ILogger<SagaAccess> logger,
    IHostApplicationLifetime? lifetime = null)
{
    /// <summary>
    /// True once the process is to end: its sagas leave what they have not done to the next one. A silo that is made to
    /// stop at once does not tell its grains.
    /// </summary>
    internal bool IsStopping => lifetime?.ApplicationStopping.IsCancellationRequested is true;

    internal DueBook Due => due;

    internal MessageTypes Messages => messages;

    internal SagaOptions Options => options;

    internal TimeProvider Time => time;

    internal ILogger Logger => logger;
}
