// dotnet run --project samples/PullAndUnpack -- REFERENCE: pulls an image, verifies every byte, and unpacks it.
using OciImage;
using OciImage.Content;
using OciImage.Images;
using OciImage.Layout;
using OciImage.Registry;

var reference = ImageReference.Parse(args[0]);                       // "alpine" is docker.io/library/alpine:latest

using var client = new RegistryClient(RegistryOptions.FromSystem()); // this machine's mirrors, certificates and logins
RepositoryClient repository = client.GetRepository(reference);
OciLayout layout = await OciLayout.OpenOrCreateAsync("images");      // a content-addressable store that other tools read

Descriptor root = await repository.ResolveAsync(reference.Reference);
await ContentCopy.CopyGraphAsync(repository, layout, root, reference.Tag);

ContainerImage image = await ContainerImage.OpenAsync(layout, root); // this machine's platform
await image.UnpackAsync("rootfs");                                   // appears when every digest and DiffID agreed
Console.WriteLine($"{reference} is {root.Digest}, unpacked to rootfs");
