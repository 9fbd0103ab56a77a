using Microsoft.AspNetCore.Components;

namespace Ops.Dashboard.Features.ModelStore.Stores.Pages;

/// <summary>How pages try stores.</summary>
internal static class ChecksOf
{
    /// <summary>For browsers that have the dashboard under the address of this page, telling of each check as it is done.</summary>
    public static StoreChecks Page(NavigationManager navigation, Action<StoreCheck> report) =>
        new() { BrowserOrigin = new Uri(new Uri(navigation.BaseUri).GetLeftPart(UriPartial.Authority)), Progress = new Direct(report) };

    // Not Progress<T>: that posts to whatever context it finds, and reports would arrive out of order.
    private sealed class Direct(Action<StoreCheck> report) : IProgress<StoreCheck>
    {
        public void Report(StoreCheck value) => report(value);
    }
}
