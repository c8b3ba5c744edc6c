using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Waybill.Tests.Hosting;

public sealed class Configurators
{
    [Fact]
    public async Task A_class_composes_each_silo_and_its_host()
    {
        await using var cluster = new TestClusterBuilder(1).AddSiloBuilderConfigurator<Both>().Build();
        await cluster.DeployAsync();

        cluster.GetSiloServiceProvider(cluster.Primary!.SiloAddress).GetServices<Mark>().Select(mark => mark.By)
            .ShouldBe(["host", "silo"], ignoreOrder: true);
    }

    private sealed record Mark(string By);

    private sealed class Both : IHostConfigurator, ISiloConfigurator
    {
        public void Configure(IHostBuilder hostBuilder) =>
            hostBuilder.ConfigureServices(services => services.AddSingleton(new Mark("host")));

        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.Services.AddSingleton(new Mark("silo"));
    }
}
