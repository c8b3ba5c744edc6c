using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;
using Waybill.Tests.Support;

namespace Waybill.Tests.Activations;

public sealed class Construction : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = Silos.Compose(1, silo => silo.Services
        .AddSingleton<SharedService>()
        .AddScoped<ScopedService>()
        .AddKeyedSingleton("left", new KeyedService("the left one"))
        .AddKeyedSingleton("right", new KeyedService("the right one"))).Build();

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_grain_gets_the_services_that_its_constructor_names()
    {
        var said = await _cluster.Client.GetGrain<IConstructed>("a").WhatItGot();

        said.ShouldBe("shared with all, the right one, a scope of its own");
    }

    [Fact]
    public async Task A_scoped_service_belongs_to_one_activation_and_is_disposed_with_it()
    {
        var grain = _cluster.Client.GetGrain<IConstructed>("a");
        var first = await grain.Scope();

        (await grain.Scope()).ShouldBe(first);
        (await _cluster.Client.GetGrain<IConstructed>("b").Scope()).ShouldNotBe(first);
        await _cluster.DeactivateAsync(grain);
        Notes.Of($"{first}").ShouldBe(["disposed"]);
        (await grain.Scope()).ShouldNotBe(first);
    }

    [Fact]
    public async Task A_class_that_is_no_Grain_is_one_by_its_interface_and_gets_its_context()
    {
        var grain = _cluster.Client.GetGrain<IPlain>("plain");

        (await grain.Describe()).ShouldBe("plainold/plain, activated");
        await grain.End();
        await _cluster.WaitForDeactivationAsync(grain);
        Notes.Of("plain").ShouldBe(["deactivated: ApplicationRequested"]);
    }

    [Fact]
    public async Task A_scoped_service_may_want_the_context_of_the_grain_it_is_for() =>
        (await _cluster.Client.GetGrain<IConstructed>("c").ScopeIsFor()).ShouldBe("constructed/c");

    [Fact]
    public async Task A_grain_takes_part_in_its_own_lifecycle()
    {
        var grain = _cluster.Client.GetGrain<IStaged>("staged");
        await grain.Call();
        await _cluster.DeactivateAsync(grain);

        Notes.Of("staged").ShouldBe(
            ["up 1000", "up 2000", "activated", "called", "deactivated", "down 2000", "down 1000"]);
    }
}

public sealed class SharedService
{
    public string Say() => "shared with all";
}

public sealed record KeyedService(string Name);

public sealed class ScopedService(IGrainContext context) : IDisposable
{
    public Guid Id { get; } = Guid.NewGuid();

    public GrainId For => context.GrainId;

    public void Dispose() => Notes.Write($"{Id}", "disposed");
}

public interface IConstructed : IGrainWithStringKey
{
    Task<string> WhatItGot();

    Task<Guid> Scope();

    Task<string> ScopeIsFor();
}

public interface IPlain : IGrainWithStringKey
{
    Task<string> Describe();

    Task End();
}

public interface IStaged : IGrainWithStringKey
{
    Task Call();
}

public sealed class ConstructedGrain(
    SharedService shared,
    ScopedService scoped,
    [FromKeyedServices("right")] KeyedService keyed,
    IGrainFactory factory) : Grain, IConstructed
{
    public Task<string> WhatItGot()
    {
        var own = ServiceProvider.GetRequiredService<ScopedService>() == scoped && factory is not null;
        return Task.FromResult($"{shared.Say()}, {keyed.Name}, {(own ? "a scope of its own" : "a strange scope")}");
    }

    public Task<Guid> Scope() => Task.FromResult(scoped.Id);

    public Task<string> ScopeIsFor() => Task.FromResult(scoped.For.ToString());
}

public sealed class PlainOld(IGrainContext context) : IGrainBase, IPlain
{
    private string _state = "new";

    public IGrainContext GrainContext => context;

    public Task OnActivateAsync(CancellationToken token)
    {
        _state = "activated";
        return Task.CompletedTask;
    }

    public Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token)
    {
        Notes.Write(context.GrainId.Key.ToString()!, $"deactivated: {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<string> Describe() => Task.FromResult($"{context.GrainId}, {_state}");

    public Task End()
    {
        this.DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

public sealed class StagedGrain : Grain, IStaged, ILifecycleParticipant<IGrainLifecycle>
{
    public void Participate(IGrainLifecycle lifecycle)
    {
        foreach (var stage in new[] { GrainLifecycleStage.Activate, GrainLifecycleStage.SetupState })
        {
            lifecycle.Subscribe($"{stage}", stage, _ => Note($"up {stage}"), _ => Note($"down {stage}"));
        }
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken) => Note("activated");

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Note("deactivated");

    public Task Call() => Note("called");

    private Task Note(string note)
    {
        Notes.Write(this.GetPrimaryKeyString(), note);
        return Task.CompletedTask;
    }
}
