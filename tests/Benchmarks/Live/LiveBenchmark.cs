using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.JSInterop;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Pages;

namespace Ops.Benchmarks.Live;

/// <summary>
/// What watching costs the server: 50 endpoints of two replicas, and pages that render and write their changes as circuits do, four
/// of five the overview and the fifth the charts of one endpoint. <c>live [subscribers] [seconds] [endpoints]</c>.
/// </summary>
internal static class LiveBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        var subscribers = Number(args, 0, 300);
        var seconds = Number(args, 1, 30);
        var count = Number(args, 2, 50);
        await using var app = await FleetApp.StartAsync(count);
        await app.Services.GetRequiredService<FleetService>().RefreshAsync(default);
        await MeasureAsync(10);
        var idle = await MeasureAsync(seconds);

        var pages = new List<Page>();
        for (var i = 0; i < subscribers; i++)
        {
            pages.Add(await Page.OpenAsync(app.Services, i % 5 == 4, i));
        }

        await MeasureAsync(10);
        var opened = pages.Sum(p => p.OpenedBytes);
        var before = pages.Select(p => p.Bytes).ToArray();
        var busy = await MeasureAsync(seconds);
        var each = pages.Select((p, i) => (p.IsCharts, PerSecond: (p.Bytes - before[i]) / (double)seconds)).ToList();
        if (pages.FirstOrDefault(p => p.Failure is not null)?.Failure is { } failure)
        {
            throw new InvalidOperationException("A page failed.", failure);
        }

        var line = CultureInfo.InvariantCulture;
        Console.WriteLine(string.Create(line, $"{count} endpoints x 2 replicas, {subscribers} subscribers, {seconds} s, {Environment.ProcessorCount} cores"));
        Console.WriteLine(string.Create(line, $"CPU without subscribers          {idle:P1} of a core (scraping, pretended replicas and requests)"));
        Console.WriteLine(string.Create(line, $"CPU with subscribers             {busy:P1} of a core"));
        Console.WriteLine(string.Create(line, $"CPU of one subscriber            {(busy - idle) / subscribers:P3} of a core"));
        Console.WriteLine(string.Create(line, $"sent to open a page              {opened / (double)subscribers / 1024:N1} KiB on average"));
        Console.WriteLine(string.Create(line, $"overview of {count} endpoints        {Average(each.Where(e => !e.IsCharts)):N0} bytes a second"));
        Console.WriteLine(string.Create(line, $"ten charts of one endpoint       {Average(each.Where(e => e.IsCharts)):N0} bytes a second"));
        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }

        var left = app.Services.GetRequiredService<FleetFeed>().Tiles.SubscriberCount;
        Console.WriteLine($"subscribers left after closing   {left}");
        return left == 0 ? 0 : 1;
    }

    private static double Average(IEnumerable<(bool IsCharts, double PerSecond)> pages) => pages.Select(p => p.PerSecond).DefaultIfEmpty(0).Average();

    private static int Number(string[] args, int index, int fallback) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : fallback;

    // The share of one core that this process used meanwhile.
    private static async Task<double> MeasureAsync(int seconds)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, began) = (process.TotalProcessorTime, TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
        process.Refresh();
        return (process.TotalProcessorTime - cpu) / TimeProvider.System.GetElapsedTime(began);
    }

    private sealed class Page : IAsyncDisposable
    {
        private readonly AsyncServiceScope scope;
        private readonly CountingBrowser browser = new();
        private readonly CountingRenderer renderer;

        private Page(IServiceProvider services, bool isCharts)
        {
            scope = services.CreateAsyncScope();
            IsCharts = isCharts;
            ((IHostEnvironmentNavigationManager)scope.ServiceProvider.GetRequiredService<NavigationManager>()).Initialize("http://localhost/", "http://localhost/");
            renderer = new(new Services(scope.ServiceProvider, browser), services.GetRequiredService<ILoggerFactory>());
        }

        public bool IsCharts { get; }

        public long Bytes => renderer.Bytes + browser.Bytes;

        /// <summary>What was sent until the page had rendered once.</summary>
        public long OpenedBytes { get; private set; }

        public Exception? Failure => renderer.Failure;

        public static async Task<Page> OpenAsync(IServiceProvider services, bool isCharts, int index)
        {
            var page = new Page(services, isCharts);
            if (isCharts)
            {
                var tiles = services.GetRequiredService<FleetFeed>().Tiles.Snapshot();
                await page.renderer.ShowAsync<MetricsTab>(new Dictionary<string, object?> { [nameof(MetricsTab.Facts)] = tiles[index % tiles.Count].Facts });
            }
            else
            {
                await page.renderer.ShowAsync<OverviewPage>(new Dictionary<string, object?>());
            }

            page.OpenedBytes = page.Bytes;
            return page;
        }

        public async ValueTask DisposeAsync()
        {
            await renderer.DisposeAsync();
            await scope.DisposeAsync();
        }
    }

    private sealed class Services(IServiceProvider real, CountingBrowser browser) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(IJSRuntime) ? browser : real.GetService(serviceType);
    }
}
