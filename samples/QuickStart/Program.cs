// A registry, an image, push, pull, check and unpack: all in this process and on loopback, with nothing but .NET.
using System.Diagnostics;
using OciImage;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Layout;
using OciImage.Registry;
using OciImage.Server;

DirectoryInfo work = Directory.CreateTempSubdirectory("ociimage-quickstart-");
try
{
    // Something to ship: a directory with a script and a few files.
    string source = Path.Combine(work.FullName, "hello");
    Directory.CreateDirectory(Path.Combine(source, "data"));
    File.WriteAllText(Path.Combine(source, "hello.sh"), "#!/bin/sh\necho Hello from an image.\n");
    for (int i = 0; i < 100; i++)
    {
        File.WriteAllText(Path.Combine(source, "data", $"{i:000}.txt"), new string((char)('a' + (i % 26)), 10_000));
    }

    // A registry that keeps its repositories in memory, on a port of the system's choice.
    await using RegistryServer server = await RegistryServer.StartAsync(new MemoryRepositoryProvider());
    using var client = new RegistryClient(new RegistryOptions { Scheme = RegistryScheme.Http });
    RepositoryClient repository = client.GetRepository(server.Host, "samples/hello");
    Console.WriteLine($"registry  {server.Address}");

    // Build: one layer of the directory, and a configuration that says what to run. Without the files' own times the
    // image is the same on every run.
    var clock = Stopwatch.StartNew();
    var built = new MemoryStore();
    var reproducible = new LayerWriterOptions { ClampTimesTo = DateTimeOffset.UnixEpoch };
    WrittenLayer layer = await LayerWriter.WriteAsync(built, [new LayerInput(source, "/app")], reproducible);
    Descriptor image = await ImageBuilder.FromScratch(PlatformMatcher.Current.Platform)
        .AddLayer(layer, createdBy: "QuickStart")
        .Configure(config => config with { Entrypoint = ["/bin/sh", "/app/hello.sh"], WorkingDir = "/app" })
        .WithAnnotation(AnnotationKeys.Title, "Hello")
        .BuildAsync(built, "1.0");
    Report("built", image.Digest, $"a layer of {layer.UncompressedSize} bytes, {layer.Descriptor.Size} compressed");

    // Push and pull are the same: a copy between two stores, children before parents, every byte verified on the way.
    await ContentCopy.CopyGraphAsync(built, repository, image, "1.0");
    Report("pushed", image.Digest, $"to {repository.Registry}/{repository.Repository}:1.0");

    OciLayout layout = await OciLayout.OpenOrCreateAsync(Path.Combine(work.FullName, "layout"));
    Descriptor found = await repository.ResolveAsync("1.0");
    await ContentCopy.CopyGraphAsync(repository, layout, found, "1.0");
    Report("pulled", found.Digest, "into an OCI layout on disk");

    // Check: every size, digest, document and DiffID below the image.
    CheckReport check = await ImageChecker.CheckAsync(layout, found);
    Report("checked", found.Digest, $"{check.Contents} blobs, {check.Bytes} bytes, whole: {check.IsWhole}");

    // Unpack: the tree appears when every layer was verified, or not at all.
    if (LayerUnpacker.IsSupported)
    {
        string root = Path.Combine(work.FullName, "root");
        ContainerImage pulled = await ContainerImage.OpenAsync(layout, "1.0");
        UnpackReport report = await pulled.UnpackAsync(root);
        string script = File.ReadAllText(Path.Combine(root, "app", "hello.sh"));
        Report("unpacked", pulled.Layers[0].DiffId, $"{report.Entries} entries, {report.Bytes} bytes, among them:");
        Console.WriteLine(script);
    }

    void Report(string what, Digest digest, string remark)
    {
        Console.WriteLine($"{what,-9} {digest.ToString()[..19]}  {clock.ElapsedMilliseconds,4} ms  {remark}");
        clock.Restart();
    }
}
finally
{
    work.Delete(recursive: true);
}
