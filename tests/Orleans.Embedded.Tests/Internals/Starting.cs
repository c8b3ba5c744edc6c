using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Internals;

public sealed class Starting
{
    [Fact]
    public async Task A_silo_that_cannot_start_stops_what_it_has_started_and_is_dead()
    {
        List<string> notes = [];
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo => silo.Services
            .AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                new Participant(notes, ServiceLifecycleStage.RuntimeInitialize, fails: false))
            .AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                new Participant(notes, ServiceLifecycleStage.Active, fails: true)));
        using var host = builder.Build();

        await Should.ThrowAsync<InvalidOperationException>(host.StartAsync(TestContext.Current.CancellationToken));

        notes.ShouldBe(["up 2000", "up 20000", "down 20000", "down 2000"]);
        host.Services.GetRequiredService<Silo>().Status.ShouldBe(SiloStatus.Dead);
        host.Services.GetRequiredService<Cluster>().ActiveSilos.ShouldBeEmpty();
        await Should.ThrowAsync<SiloUnavailableException>(
            host.Services.GetRequiredService<IGrainFactory>().GetGrain<IIdle>("k").Call().Soon());
    }

    [Fact]
    public void A_grain_interface_that_names_a_type_without_a_serializer_is_a_fault() =>
        GrainTypes.FaultsOf(typeof(IFaulty)).Select(fault => fault.Split(':')[0]).ShouldBe(
            new[] { "Takes", "Gives", "GivesMany" }.Select(method => $"{typeof(IFaulty).FullName}.{method}"),
            ignoreOrder: true);

    [Fact]
    public void An_interface_of_what_can_cross_has_no_faults() => GrainTypes.FaultsOf(typeof(IIdle)).ShouldBeEmpty();

    [Fact]
    public void No_grain_interface_of_these_tests_has_a_fault() => GrainTypes.Faults().ShouldBeEmpty();

    // No class implements it: a silo that knew of one would refuse to start.
    private interface IFaulty : IGrainWithStringKey
    {
        Task Takes(Unmarked value);

        Task<Unmarked> Gives();

        Task<List<Unmarked>> GivesMany();

        Task Fine(int number, string text, IFaulty reference, CancellationToken cancellationToken);
    }

    private sealed record Unmarked(int Number);

    private sealed class Participant(List<string> notes, int stage, bool fails) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe("noting", stage, Up, Down);

        private Task Up(CancellationToken cancellationToken)
        {
            notes.Add($"up {stage}");
            return fails ? throw new InvalidOperationException("cannot start") : Task.CompletedTask;
        }

        private Task Down(CancellationToken cancellationToken)
        {
            notes.Add($"down {stage}");
            return Task.CompletedTask;
        }
    }
}
