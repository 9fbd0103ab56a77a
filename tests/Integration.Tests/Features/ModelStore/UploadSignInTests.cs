using System.Net;
using System.Net.Http.Json;
using Ops.Data.Access;
using Ops.Integration.Tests.Support;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>The protocol behind the real sign-in of the real application.</summary>
public sealed class UploadSignInTests(OpsApp app) : IClassFixture<OpsApp>
{
    [Fact]
    public async Task Upload_SignedInOperator_MakesAVersion()
    {
        using var browser = await app.SignInAsync(Roles.Operator);

        var done = await new UploadClient(browser.Client).UploadAsync("digits", ("model.onnx", UploadClient.Onnx));

        Assert.Equal("Completed", done.State);
    }

    [Fact]
    public async Task EveryChange_WithoutTheAntiforgeryToken_Is400()
    {
        using var browser = await app.SignInAsync(Roles.Operator);
        var client = new UploadClient(browser.Client);
        var upload = await client.BeginAsync("digits", ("model.onnx", UploadClient.Onnx));
        browser.Client.DefaultRequestHeaders.Clear();

        HttpStatusCode[] answers =
        [
            (await client.TryBeginAsync(new { model = "digits", files = new[] { new { path = "a", size = 1 } } })).StatusCode,
            (await client.PutAsync(upload.Id, upload.Files[0].Id, 1, UploadClient.Onnx)).StatusCode,
            (await client.CompleteAsync(upload, ("model.onnx", UploadClient.Onnx))).StatusCode,
            (await client.Http.DeleteAsync($"/api/uploads/{upload.Id}")).StatusCode,
        ];

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.BadRequest, answer));
        Assert.Equal("Open", (await client.StatusAsync(upload.Id)).State);
        Assert.Empty((await client.StatusAsync(upload.Id)).Files[0].Parts);
    }

    [Fact]
    public async Task EveryRequest_OfAStranger_IsNotLetIn()
    {
        using var browser = app.OpenBrowser();

        using var list = await browser.Client.GetAsync("/api/uploads");
        using var begin = await browser.Client.PostAsJsonAsync("/api/uploads", new { model = "digits" });

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (list.StatusCode, begin.StatusCode));
    }
}
