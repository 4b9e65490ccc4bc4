package FakeGemini::Resources;

# The addresses of all that belongs to a project, and who answers them.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Batches qw(batch_calls);
use FakeGemini::Caches qw(cache_calls);
use FakeGemini::Environments qw(plain_calls plain_kinds);
use FakeGemini::Files qw(file_calls);
use FakeGemini::Interactions qw(interaction_calls);
use FakeGemini::Refs qw(foreign_reference);
use FakeGemini::SearchStores qw(store_calls);
use FakeGemini::Upload qw(upload_answer upload_route);
use Mojo::Util qw(url_unescape);

our @EXPORT_OK = qw(resource_route resource_answer openai_resource_route);

my $version = qr/v1|v1beta|v1alpha/;
my $id = qr{(?<id>[^/:]+)};
my $store = qr{fileSearchStores/(?<store>[^/:]+)};
my $plain = join '|', plain_kinds();

my %collection = (GET => 'list', POST => 'create');
my %single = (GET => 'get', PATCH => 'update', DELETE => 'delete');

# after the version: [what, of which kind, {METHOD => what is done}]
my @routes = (
    [qr{files},             'files', \%collection],
    [qr{files/$id},         'files', {GET => 'get', DELETE => 'delete'}],
    [qr{files/$id:download}, 'files', {GET => 'download'}],
    [qr{cachedContents},    'cachedContents', \%collection],
    [qr{cachedContents/$id}, 'cachedContents', \%single],
    [qr{batches},           'batches', {GET => 'list'}],
    [qr{batches/$id},       'batches', {GET => 'get', DELETE => 'delete'}],
    [qr{batches/$id:cancel}, 'batches', {POST => 'cancel'}],
    [qr{batches/$id:delete}, 'batches', {POST => 'delete'}],
    [qr{(?:models|tunedModels)/[^/:]+/operations/$id}, 'operations',
        {GET => 'get'}],
    [qr{$store/(?:upload/)?operations/$id}, 'operations', {GET => 'get'}],
    [qr{fileSearchStores},  'fileSearchStores', \%collection],
    [$store,                'fileSearchStores', \%single],
    [qr{$store:importFile}, 'fileSearchStores', {POST => 'import'}],
    [qr{$store/documents},  'documents', {GET => 'list'}],
    [qr{$store/documents/$id}, 'documents',
        {GET => 'get', DELETE => 'delete'}],
    [qr{interactions},      'interactions', {POST => 'create'}],
    [qr{interactions/$id},  'interactions',
        {GET => 'get', DELETE => 'delete'}],
    [qr{interactions/$id/cancel}, 'interactions', {POST => 'cancel'}],
    [qr{auth_tokens},       'auth_tokens', {POST => 'create'}],
    [qr{environments/$id/files}, 'environmentFiles', {GET => 'list'}],
    [qr{environments/$id/files/(?<file>.+)}, 'environmentFiles',
        {GET => 'get'}],
    [qr{triggers/$id/executions}, 'triggers',
        {GET => 'executions', POST => 'run'}],
    [qr{webhooks/$id:ping}, 'webhooks', {POST => 'ping'}],
    [qr{webhooks/$id:rotateSigningSecret}, 'webhooks', {POST => 'rotate'}],
    [qr{(?<kind>$plain)},   undef, \%collection],
    [qr{(?<kind>$plain)/$id}, undef, \%single],
);

# what cannot be asked of a kind, though it is of its form
my %none = map { $_ => 1 } qw(fileSearchStores.update);

my %call = (file_calls(), cache_calls(), batch_calls(), store_calls(),
            plain_calls(), interaction_calls());


sub resource_route ($req) {
    my ($method, $path) = @$req{qw(method path)};

    return 1 if upload_route($req);

    if ($path =~ m{^/stored/([\w-]+)$}) {
        @$req{qw(verb resource id authorised)} = ('stored', 'stored', $1, 1);
        return $method eq 'GET';
    }

    my ($is, $rest) = $path =~ m{^/($version)/(.+)$} or return 0;

    for my $route (@routes) {
        my ($what, $kind, $methods) = @$route;
        next unless $rest =~ /^$what$/;

        return filled($req, $is, $kind // $+{kind}, $methods->{$method});
    }

    return 0;
}


sub filled ($req, $version, $kind, $does) {
    @$req{qw(version resource)} = ($version, $kind);
    @$req{qw(id store file)} = map { defined ? url_unescape($_) : undef }
        @+{qw(id store file)};
    $req->{surface} = 'interactions' if $kind eq 'interactions';

    return 0 if !defined $does || $none{"$kind.$does"};

    $req->{verb} = "$kind.$does";
    return 1;
}


# batches, whose names may come with their slash encoded
sub openai_resource_route ($req, $rest) {
    my $method = $req->{method};

    $rest =~ s{%2F}{/}gi;

    my ($of, $then) = $rest =~ m{^batches(?:/(?:batches/)?([\w-]+)
                                 (/cancel)?)?$}x or return 0;
    my $does = $then ? {POST => 'cancel'}
        : defined $of ? {GET => 'get'} : \%collection;

    return 0 unless defined $does->{$method};

    @$req{qw(verb resource id)}
        = ("openai.batches.$does->{$method}", 'batches', $of);
    return 1;
}


sub resource_answer ($app, $req, $do) {
    return upload_answer($app, $req) if $req->{resource} eq 'upload';

    # these look themselves: at a part, or after more has been seen to
    if ($req->{verb} !~ /^(?:cachedContents|interactions|openai)/
        && $req->{method} eq 'POST')
    {
        my @bad = foreign_reference($app, $req);
        return @bad if @bad;
    }

    # a Live session that is none
    my $call = $call{$req->{verb}} // return ('empty404', {});

    return $call->($app, $req,
        $req->{resource} eq 'interactions' ? $do : ());
}


1;
