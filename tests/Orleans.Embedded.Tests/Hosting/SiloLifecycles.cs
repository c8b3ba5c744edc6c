using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.Tests.Support;

namespace Waybill.Tests.Hosting;

public sealed class SiloLifecycles
{
    [Fact]
    public async Task Participants_start_by_stage_upwards_and_stop_by_stage_downwards()
    {
        var name = $"{Guid.NewGuid()}";
        using var host = HostWith(_ => new Participant(name, null));

        await host.StartAsync(TestContext.Current.CancellationToken);
        Notes.Of(name).ShouldBe(["up 2000", "up 4000", "up 10000", "up 19999", "up 20000"]);
        await host.StopAsync(CancellationToken.None);

        Notes.Of(name).Skip(5).ShouldBe(["down 20000", "down 19999", "down 10000", "down 4000", "down 2000"]);
    }

    [Fact]
    public async Task Grains_can_be_called_from_the_stage_active_on_and_until_it_ends()
    {
        var answers = new List<string>();
        using var host = HostWith(services => new Caller(services.GetRequiredService<IGrainFactory>(), answers));

        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(CancellationToken.None);

        answers.ShouldBe(["up: hosted", "down: hosted"]);
    }

    [Fact]
    public async Task A_stage_that_fails_fails_the_start()
    {
        var name = $"{Guid.NewGuid()}";
        using var host = HostWith(_ => new Participant(name, failsAt: ServiceLifecycleStage.ApplicationServices));

        var start = host.StartAsync(TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<InvalidOperationException>(start)).Message.ShouldBe("fails to start");
        Notes.Of(name).Take(2).ShouldBe(["up 2000", "up 4000"]);
        Notes.Of(name).ShouldNotContain("up 19999");
    }

    [Fact]
    public async Task A_participant_that_fails_to_stop_does_not_keep_the_others_from_stopping()
    {
        var name = $"{Guid.NewGuid()}";
        using var host = HostWith(_ =>
            new Participant(name, null, failsDownAt: ServiceLifecycleStage.ApplicationServices));

        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(CancellationToken.None);

        Notes.Of(name).TakeLast(2).ShouldBe(["down 4000", "down 2000"]);
    }

    [Fact]
    public async Task A_silo_in_a_host_serves_that_hosts_services_and_knows_who_it_is()
    {
        using var host = HostWith();
        await host.StartAsync(TestContext.Current.CancellationToken);

        (await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IHosted>("k").Call()).ShouldBe("hosted");
        (await host.Services.GetRequiredService<IClusterClient>().GetGrain<IHosted>("k").Call()).ShouldBe("hosted");
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        details.Name.ShouldBe("the only one");
        details.ClusterId.ShouldBe("the cluster");
        details.SiloAddress.Endpoint.Address.ShouldBe(IPAddress.Loopback);
        await host.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Grains_are_deactivated_before_the_silo_has_stopped()
    {
        using var host = HostWith();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var name = $"{Guid.NewGuid()}";
        await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IHosted>(name).Call();

        await host.StopAsync(CancellationToken.None);

        Notes.Of(name).ShouldBe(["deactivated: ShuttingDown"]);
    }

    private static IHost HostWith(Func<IServiceProvider, ILifecycleParticipant<ISiloLifecycle>>? participant = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(WebSilo.FreePort(), WebSilo.FreePort());
            silo.Configure<SiloOptions>(options => options.SiloName = "the only one");
            silo.Configure<ClusterOptions>(options => options.ClusterId = "the cluster");
            if (participant is not null) silo.Services.AddSingleton(participant);
        });
        return builder.Build();
    }

    private sealed class Participant(string name, int? failsAt, int? failsDownAt = null)
        : ILifecycleParticipant<ISiloLifecycle>
    {
        private static readonly int[] Stages =
        [
            ServiceLifecycleStage.Active,
            ServiceLifecycleStage.RuntimeInitialize,
            ServiceLifecycleStage.ApplicationServices,
            ServiceLifecycleStage.RuntimeServices,
            ServiceLifecycleStage.BecomeActive,
        ];

        public void Participate(ISiloLifecycle lifecycle)
        {
            foreach (var stage in Stages)
            {
                lifecycle.Subscribe(
                    $"{stage}",
                    stage,
                    _ => Note($"up {stage}", stage == failsAt),
                    _ => Note($"down {stage}", stage == failsDownAt));
            }
        }

        private Task Note(string note, bool fails)
        {
            if (fails && note.StartsWith("up", StringComparison.Ordinal))
                throw new InvalidOperationException("fails to start");
            Notes.Write(name, note);
            return fails ? throw new InvalidOperationException("fails to stop") : Task.CompletedTask;
        }
    }

    private sealed class Caller(IGrainFactory grains, List<string> answers) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) =>
            lifecycle.Subscribe("caller", ServiceLifecycleStage.Active, _ => Call("up"), _ => Call("down"));

        private async Task Call(string when) => answers.Add($"{when}: {await grains.GetGrain<IHosted>("k").Call()}");
    }
}

public interface IHosted : IGrainWithStringKey
{
    Task<string> Call();
}

public sealed class HostedGrain : Grain, IHosted
{
    public Task<string> Call() => Task.FromResult("hosted");

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Notes.Write(this.GetPrimaryKeyString(), $"deactivated: {reason.ReasonCode}");
        return Task.CompletedTask;
    }
}
