using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Waybill.Tests.Persistence;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals.Persistence;

public sealed class IdleStates
{
    [Fact]
    public async Task An_idle_grain_keeps_nothing_of_an_operation_that_failed_at_once()
    {
        var storage = new FailingStorage();
        await using var cluster = Silos.Compose(
            1, silo => silo.Services.AddGrainStorage("broken", (_, _) => storage)).Build();
        await cluster.DeployAsync();
        var grain = cluster.Client.GetGrain<IBrokenNotebook>($"{Guid.NewGuid()}");

        await Should.ThrowAsync<OrleansException>(grain.Write);
        (await grain.Exists()).ShouldBeFalse();

        GC.Collect();
        storage.Thrown!.IsAlive.ShouldBeFalse();
        GC.KeepAlive(grain);
    }

    private sealed class FailingStorage : IGrainStorage
    {
        public WeakReference? Thrown { get; private set; }

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            Task.CompletedTask;

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var failure = new IOException("The disk is full.");
            Thrown = new WeakReference(failure);
            throw failure;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            Task.CompletedTask;
    }
}
