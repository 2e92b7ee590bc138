"""Names, codes and adjectives of countries and states, which data and people write in different ways."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

_COUNTRY_WORDS = frozenset(
    {"country", "countries", "nation", "nationality", "citizenship", "origin", "iso", "birthplace"}
)
_STATE_WORDS = frozenset({"state", "province", "region", "st", "st0", "division"})
_CONTINENT_WORDS = frozenset({"continent", "region", "area"})

# Name | other names | two letters, three letters | adjectives. Letters alone are read in columns about countries only.
_COUNTRIES = """
united states|usa,u.s.a.,u.s.,us,america,united states of america,the united states|us,usa|american
united kingdom|uk,u.k.,great britain,britain,the united kingdom|gb,gbr|british
england||eng,eng|english
scotland||sco,sco|scottish
wales||wal,wal|welsh
ireland|republic of ireland|ie,irl|irish
france||fr,fra|french
germany|federal republic of germany|de,deu,ger|german
italy||it,ita|italian
spain||es,esp|spanish
portugal||pt,prt|portuguese
netherlands|holland,the netherlands|nl,nld|dutch
belgium||be,bel|belgian
luxembourg||lu,lux|luxembourgish
switzerland||ch,che|swiss
austria||at,aut|austrian
sweden||se,swe|swedish
norway||no,nor|norwegian
denmark||dk,dnk|danish
finland||fi,fin|finnish
iceland||is,isl|icelandic
poland||pl,pol|polish
czech republic|czechia|cz,cze|czech
slovakia||sk,svk|slovak
hungary||hu,hun|hungarian
romania||ro,rou|romanian
bulgaria||bg,bgr|bulgarian
greece||gr,grc|greek
turkey|türkiye,turkiye|tr,tur|turkish
russia|russian federation|ru,rus|russian
ukraine||ua,ukr|ukrainian
croatia||hr,hrv|croatian
serbia||rs,srb|serbian
slovenia||si,svn|slovenian
estonia||ee,est|estonian
latvia||lv,lva|latvian
lithuania||lt,ltu|lithuanian
china|people's republic of china,prc|cn,chn|chinese
japan||jp,jpn|japanese
south korea|korea,republic of korea|kr,kor|korean,south korean
india||in,ind|indian
pakistan||pk,pak|pakistani
bangladesh||bd,bgd|bangladeshi
sri lanka||lk,lka|sri lankan
nepal||np,npl|nepalese
thailand||th,tha|thai
vietnam|viet nam|vn,vnm|vietnamese
indonesia||id,idn|indonesian
malaysia||my,mys|malaysian
singapore||sg,sgp|singaporean
philippines|the philippines|ph,phl|filipino,philippine
taiwan||tw,twn|taiwanese
hong kong||hk,hkg|
australia||au,aus|australian
new zealand||nz,nzl|
canada||ca,can|canadian
mexico||mx,mex|mexican
brazil||br,bra|brazilian
argentina||ar,arg|argentine,argentinian
chile||cl,chl|chilean
colombia||co,col|colombian
peru||pe,per|peruvian
venezuela||ve,ven|venezuelan
ecuador||ec,ecu|ecuadorian
uruguay||uy,ury|uruguayan
cuba||cu,cub|cuban
jamaica||jm,jam|jamaican
egypt||eg,egy|egyptian
south africa||za,zaf|south african
nigeria||ng,nga|nigerian
kenya||ke,ken|kenyan
ghana||gh,gha|ghanaian
ethiopia||et,eth|ethiopian
morocco||ma,mar|moroccan
algeria||dz,dza|algerian
tunisia||tn,tun|tunisian
israel||il,isr|israeli
saudi arabia||sa,sau|saudi
united arab emirates|uae,u.a.e.,the united arab emirates|ae,are|emirati
iran||ir,irn|iranian
iraq||iq,irq|iraqi
"""
_CONTINENTS = """
europe|||european
asia|||asian
africa|||african
north america|||north american
south america|||south american
oceania|||oceanian
"""
_STATES = """
alabama,al alaska,ak arizona,az arkansas,ar california,ca colorado,co connecticut,ct delaware,de florida,fl
georgia,ga hawaii,hi idaho,id illinois,il indiana,in iowa,ia kansas,ks kentucky,ky louisiana,la maine,me
maryland,md massachusetts,ma michigan,mi minnesota,mn mississippi,ms missouri,mo montana,mt nebraska,ne
nevada,nv new_hampshire,nh new_jersey,nj new_mexico,nm new_york,ny north_carolina,nc north_dakota,nd ohio,oh
oklahoma,ok oregon,or pennsylvania,pa rhode_island,ri south_carolina,sc south_dakota,sd tennessee,tn texas,tx
utah,ut vermont,vt virginia,va washington,wa west_virginia,wv wisconsin,wi wyoming,wy district_of_columbia,dc
ontario,on quebec,qc british_columbia,bc alberta,ab manitoba,mb saskatchewan,sk nova_scotia,ns new_brunswick,nb
newfoundland_and_labrador,nl prince_edward_island,pe
"""
_CITIES = """
new york city|nyc,new york,n.y.c.
los angeles|la,l.a.
san francisco|sf,s.f.
washington dc|washington d.c.,washington, d.c.,d.c.
las vegas|vegas
saint petersburg|st. petersburg,st petersburg
rio de janeiro|rio
"""


@lru_cache(maxsize=1)
def place_forms() -> dict[str, tuple[tuple[str, frozenset[str]], ...]]:
    """Return for every way to write a place the others, each with words that a name of its column must hold."""
    forms: dict[str, dict[str, frozenset[str]]] = {}
    for words, text in ((_COUNTRY_WORDS, _COUNTRIES), (_CONTINENT_WORDS, _CONTINENTS)):
        for line in text.strip().splitlines():
            name, others, codes, adjectives = line.split("|")
            known = [name, *_listed(others), *_listed(adjectives)]
            # Values may hold an article; a question's is no part of the name.
            said = [form for form in known if not form.startswith("the ")]
            _link(forms, said, [*known, *_listed(codes)], words | _CONTINENT_WORDS)
            _link(forms, [c for c in _listed(codes) if len(c) == 3], known, words)
    for pair in _STATES.split():
        name, code = pair.replace("_", " ").split(",")
        _link(forms, [name], [code], _STATE_WORDS)
        _link(forms, [code], [name], _STATE_WORDS)
    for line in _CITIES.strip().splitlines():
        name, others = line.split("|")
        known = [name, *_listed(others)]
        _link(forms, known, known, frozenset({"city", "town", "location", "place", "airport"}))
    return {form: tuple(others.items()) for form, others in forms.items()}


def _listed(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _link(
    forms: dict[str, dict[str, frozenset[str]]], said: Iterable[str], stored: Iterable[str], words: frozenset[str]
) -> None:
    for form in said:
        known = forms.setdefault(form, {})
        known.update({other: words | known.get(other, frozenset()) for other in stored if other != form})
