using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;
using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Components.Layout;

/// <summary>
/// Keeps the frame standing when a page fails: says so in place of the page, with the id under which the log holds the details,
/// and offers to try again.
/// </summary>
public sealed class PageErrorBoundary : ErrorBoundaryBase
{
    private string correlation = "";

    [Inject]
    public required ILogger<PageErrorBoundary> Logger { get; init; }

    protected override Task OnErrorAsync(Exception exception)
    {
        correlation = Guid.CreateVersion7().ToString("N")[^12..];
        ComponentsLog.PageFailed(Logger, correlation, exception);
        return Task.CompletedTask;
    }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (CurrentException is null)
        {
            builder.AddContent(0, ChildContent);
            return;
        }

        builder.OpenComponent<ErrorPanel>(1);
        builder.AddAttribute(2, nameof(ErrorPanel.Message), "This page failed.");
        builder.AddAttribute(3, nameof(ErrorPanel.WhatToDo), "Try again. If it fails once more, give the id below to an administrator: the log holds the details under it.");
        builder.AddAttribute(4, nameof(ErrorPanel.CorrelationId), correlation);
        builder.AddAttribute(5, nameof(ErrorPanel.OnRetry), EventCallback.Factory.Create(this, Recover));
        builder.CloseComponent();
    }
}
